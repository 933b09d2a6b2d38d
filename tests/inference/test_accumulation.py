"""Accumulation of logits over tiles: the axis that sums roll along."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.labelling.uncertainty import NO_MEMORY
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
    assert accumulation.execution.layout.rolls_along == 1  # 16 of 200 rows, not 8 of 12 slices
    assert accumulation.window.shape == (200, 12, 40)


@pytest.mark.parametrize(("shortages", "sums_in"), [(0, "float32"), (1, "float16"), (2, None)])
def test_where_memory_ends_on_the_way_members_go_to_half_precision_and_then_are_left_out(
    small_patch, shortages, sums_in
):
    def fails(backend):
        if backend.passes >= 40 and backend.short:
            backend.short -= 1
            raise MemoryError

    backend = SimulatedBackend(Clock(), lambda _now_s: 0.001, fails=fails)
    backend.short = shortages
    channels = noise((12, 12, 8))
    prediction = start_prediction(
        Ensemble(small_patch, backend), channels, Deadline.never(), effort=PLAIN, uncertainty=True
    )
    result = prediction.predict()
    assert np.unique(array_of(result.label_map)).tolist() == [2]  # of logits fold + class
    assert (NO_MEMORY in result.notes) == (sums_in is None)
    if sums_in is None:
        assert result.uncertainty is None
        return
    assert result.uncertainty.table.sums_in == sums_in
    probabilities = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()  # each fold's
    entropy = -(probabilities * np.log(probabilities)).sum()
    np.testing.assert_allclose(array_of(result.uncertainty.entropy), entropy, atol=1e-3)
    assert array_of(result.uncertainty.mutual_information).max() < 1e-5
