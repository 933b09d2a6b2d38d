"""Accumulation of logits over tiles: the axis that sums roll along."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.predictor import predict, start_prediction
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
