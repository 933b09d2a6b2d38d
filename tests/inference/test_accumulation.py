"""Accumulation of logits over tiles: memory that is not enough, and the axis that sums roll along."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hnseg.inference.ensemble import Ensemble
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.predictor import predict, start_prediction
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_ensembles import PLAIN, log_probabilities_of, noise
from tests.support.tolerances import assert_same_labels, ties


def labels(result):
    return sitk.GetArrayFromImage(result.label_map)


class NotEnough:
    """Error that torch raises when a GPU's memory ends, raised before some passes."""

    def __init__(self, *passes):
        self.left = list(passes)

    def __call__(self, backend):
        if self.left and backend.passes >= self.left[0]:
            self.left.pop(0)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_with_too_little_memory_copies_go_one_by_one_then_the_networks_move(small_patch, caplog):
    caplog.set_level("INFO")
    clock, channels = Clock(), noise((16, 16, 8))
    expected = predict(Ensemble(small_patch, SimulatedBackend(clock, lambda _: 0.0)), channels, Deadline.never())
    last = SimulatedBackend(clock, lambda _: 0.0, name="last")
    lighter = SimulatedBackend(clock, lambda _: 0.0, name="lighter", fails=NotEnough(30), lighter_ones=[last])
    backend = SimulatedBackend(
        clock, lambda _: 0.0, copies_together=2, copies_a_turn=4, fails=NotEnough(40, 90), lighter_ones=[lighter]
    )
    ensemble = Ensemble(small_patch, backend)
    result = predict(ensemble, channels, Deadline.never())
    assert ensemble.backend is last
    assert np.array_equal(labels(result), labels(expected))
    assert result.effort_spent == expected.effort_spent
    logged = [record.message for record in caplog.records if "memory was not enough" in record.message]
    assert len(logged) == 3
    assert "1 copies at a time" in logged[0]


def test_memory_that_is_not_enough_after_everything_is_an_error(small_patch):
    backend = SimulatedBackend(Clock(), lambda _: 0.0, fails=NotEnough(*range(100)))
    with pytest.raises(torch.OutOfMemoryError):
        predict(Ensemble(small_patch, backend), noise((16, 16, 8)), Deadline.never())


def test_another_error_is_not_taken_for_a_lack_of_memory(small_patch):
    def fail(_backend):
        raise RuntimeError("expected 5 channels")

    backend = SimulatedBackend(Clock(), lambda _: 0.0, fails=fail, lighter_ones=[])
    with pytest.raises(RuntimeError, match="expected 5 channels"):
        predict(Ensemble(small_patch, backend), noise((16, 16, 8)), Deadline.never())


@pytest.fixture(scope="module")
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(patch=(8, 16, 16))), device="cpu", backend="torch")


@pytest.mark.numeric
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_may_roll_along_either_axis(ensemble, monkeypatch, axis):
    channels = noise((29, 41, 23))
    fastest = MemoryLayout.fastest
    found = []
    for rolls_along in (0, axis):
        monkeypatch.setattr(
            MemoryLayout,
            "fastest",
            lambda *given, along=rolls_along: dataclasses.replace(fastest(*given), rolls_along=along),
        )
        found.append(labels(predict(ensemble, channels, Deadline.never(), effort=PLAIN)))
    assert_same_labels(found[1], found[0], ties(log_probabilities_of(ensemble, channels)))  # sums have another order
    assert len(np.unique(found[0])) == 3


def test_sums_roll_along_the_axis_that_keeps_them_small(ensemble):
    channels = noise((40, 200, 12), (1.0, 1.0, 2.0))
    accumulation = start_prediction(ensemble, channels, Deadline.never(), effort=PLAIN).sweep.accumulation
    assert accumulation.layout.rolls_along == 1  # 16 of 200 rows, not 8 of 12 slices
    assert accumulation.window.shape == (200, 12, 40)
