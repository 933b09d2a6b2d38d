"""Record of the measures: honest and too sure probabilities, structures near their own surface, and no voxel."""

import json

import numpy as np
import pytest

from hnseg.evaluation.calibration.measures import CalibrationMeasures
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples

NAMES = ("background", "GTVp", "GTVn")


def honest(count=20_000, sharpness=1.0):
    """Return voxels whose classes are drawn by their probabilities, of which the model then says a power."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 1.5, (count, 3)).astype(np.float32)
    classes = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return VoxelSamples.of_logits(sharpness * logits, classes, rng.random((count, 3)) < [1, 0.5, 0.1])


def test_honest_probabilities_have_small_errors_and_sure_ones_large():
    fair, sure = (CalibrationMeasures.of(honest(sharpness=each), NAMES) for each in (1, 3))
    for name in ("ece", "ece_equal_mass", "classwise_ece"):
        assert getattr(fair, name) < 0.02
        assert getattr(sure, name) > 0.1
    assert fair.mean_confidence == pytest.approx(fair.accuracy, abs=0.01)
    assert sure.mean_confidence > sure.accuracy + 0.1
    assert (fair.brier, fair.nll) < (sure.brier, sure.nll)
    assert fair.accuracy == sure.accuracy
    assert 0.6 < fair.auroc_of_errors < 0.9
    assert 0 < fair.excess_aurc < fair.aurc < 1 - fair.accuracy


def test_a_structure_is_measured_near_its_own_surface():
    samples = honest()
    structures = CalibrationMeasures.of(samples, NAMES).structures
    assert list(structures) == ["GTVp", "GTVn"]
    assert [each.voxels for each in structures.values()] == samples.near.sum(axis=0)[1:].tolist()
    assert sum(each.voxels for each in structures["GTVn"].reliability) == structures["GTVn"].voxels


def test_what_is_undefined_is_none():
    measures = CalibrationMeasures.of(honest(0), NAMES)
    assert measures.voxels == 0
    assert {measures.ece, measures.brier, measures.aurc, measures.structures["GTVp"].ece} == {None}
    assert json.loads(measures.model_dump_json())["nll"] is None
