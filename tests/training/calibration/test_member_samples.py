"""Samples of members: their mean at temperatures is inference's, and of one member what its softmax says."""

from collections import deque

import numpy as np
import pytest
from scipy.special import entr, softmax

from hnseg.inference.labelling.uncertainty import UncertaintyMap
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from hnseg_training.calibration.logit_samples import LogitSamples
from hnseg_training.calibration.member_samples import MemberSamples
from tests.support.calibrated_voxels import voxels_at
from tests.support.small_ensembles import noise

CHANNELS = noise((20, 28, 14), (2.5, 1.5, 2.0))


def test_the_entropy_at_temperatures_is_that_of_inference(make_model):
    ensemble = load_ensemble(open_bundle(make_model(folds=(0, 1))), device="cpu", backend="torch")
    temperatures = (0.4, 2.0, 1.3)[: ensemble.outputs]
    prediction = start_prediction(ensemble, CHANNELS, Deadline.never(), uncertainty=True)
    logits = LogitSamples(prediction.canvas.target, np.random.default_rng(0), members=2)
    uncertainty = UncertaintyMap(prediction.canvas.target, 2, temperatures)
    deque(uncertainty.beside(logits.beside(prediction.planes())), maxlen=0)
    expected = logits.of(uncertainty.result(sums_in="float32").entropies[0])
    drawn = logits.logits()
    samples = MemberSamples(drawn, np.zeros(len(drawn), np.intp), np.ones((len(drawn), ensemble.outputs), np.bool_))
    found = entr(samples.at_temperatures(temperatures).probabilities).sum(axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(found - entr(samples.at_temperatures([1] * 3).probabilities).sum(axis=1)).max() > 0.05


def test_one_member_has_the_softmax_of_its_logits():
    samples = voxels_at((1.0, 2.0), count=50)
    temperatures = np.array([3.0, 0.5])
    expected = softmax(samples.logits[:, 0] / temperatures[samples.predicted][:, None], axis=1)
    np.testing.assert_allclose(samples.at_temperatures(temperatures).probabilities, expected, atol=1e-6)


def test_the_class_is_that_of_the_mean_logit():
    logits = np.array([[[0, 3], [2, 0], [2, 0]], [[0, 9], [2, 0], [2, 0]]], np.float32)
    samples = MemberSamples(logits, np.array([0, 1]), np.ones((2, 2), np.bool_))
    assert samples.predicted.tolist() == [0, 1]
    assert samples.is_correct.tolist() == [True, True]


def test_some_places_and_all_together():
    first, second = voxels_at((1.0, 1.0), count=5, members=3), voxels_at((1.0, 1.0), count=4, seed=1, members=3)
    together = MemberSamples.together([first, second])
    assert len(together) == 9
    np.testing.assert_array_equal(together.at(np.arange(5, 9)).logits, second.logits)
    assert together.at(np.arange(9) < 5).classes.tolist() == first.classes.tolist()


@pytest.mark.parametrize("temperature", [0.1, 10.0])
def test_probabilities_sum_to_1_where_logits_are_far_apart(temperature):
    samples = MemberSamples(
        np.array([[[500.0, -500.0], [300.0, 0.0]]], np.float32), np.array([0]), np.array([[True] * 2])
    )
    scaled = samples.at_temperatures([temperature] * 2)
    assert scaled.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert np.isfinite(scaled.log_probabilities).all()
