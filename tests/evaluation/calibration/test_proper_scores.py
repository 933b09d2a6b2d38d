"""Brier score and likelihood beside their definitions."""

import numpy as np
import pytest

from hnseg.evaluation.calibration.proper_scores import brier_score, negative_log_likelihood
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples


def samples_of(probabilities, classes):
    array = np.asarray(probabilities, np.float32)
    with np.errstate(divide="ignore"):
        return VoxelSamples(np.log(array), np.asarray(classes, np.intp), np.ones(array.shape, np.bool_))


def test_both_by_hand():
    samples = samples_of([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], [0, 1])
    assert brier_score(samples) == pytest.approx(((0.25 + 0.0625 * 2) + (0.01 + 0.64 + 0.49)) / 2, abs=1e-6)
    assert negative_log_likelihood(samples) == pytest.approx((np.log(2) + np.log(5)) / 2, abs=1e-6)


def test_the_extremes():
    assert brier_score(samples_of([[0.0, 1.0]], [1])) == pytest.approx(0)
    assert brier_score(samples_of([[0.0, 1.0]], [0])) == pytest.approx(2)
    assert negative_log_likelihood(samples_of([[0.0, 1.0]], [0])) == np.inf


def test_they_are_undefined_without_voxels():
    none = samples_of(np.ones((0, 2)), [])
    assert np.isnan(brier_score(none))
    assert np.isnan(negative_log_likelihood(none))
