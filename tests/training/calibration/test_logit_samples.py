"""Sampled logits beside those of all voxels, on an image that is resampled, of all voxels and of few."""

from collections import deque

import numpy as np
import pytest
from scipy.special import log_softmax

from hnseg.errors import InputError
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from hnseg_training.calibration import logit_samples
from hnseg_training.calibration.logit_samples import LogitSamples
from tests.support.small_ensembles import PLAIN, log_probabilities_of, noise

CHANNELS = noise((20, 28, 14), (2.5, 1.5, 2.0))


@pytest.fixture(scope="module")
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(folds=(0, 1))), device="cpu", backend="torch")


def sampled(ensemble, *, members=0):
    prediction = start_prediction(ensemble, CHANNELS, Deadline.never(), effort=PLAIN, uncertainty=bool(members))
    samples = LogitSamples(prediction.canvas.target, np.random.default_rng(0), members=members)
    deque(samples.beside(prediction.planes()), maxlen=0)
    return samples


@pytest.mark.parametrize("most", [2**25, 3000], ids=["all", "some"])
def test_they_are_those_of_the_label_map_at_the_drawn_voxels(ensemble, most, monkeypatch):
    monkeypatch.setattr(logit_samples, "MOST_LOGITS", most)
    samples = sampled(ensemble)
    expected = log_probabilities_of(ensemble, CHANNELS)
    taken = np.stack([samples.of(each) for each in expected], axis=1)
    np.testing.assert_allclose(log_softmax(samples.logits(), axis=1), taken, atol=1e-4)
    voxels = expected[0].size
    assert len(taken) == voxels if most > voxels * len(expected) else abs(len(taken) - most / len(expected)) < 100


def test_of_members_each_has_its_own(ensemble):
    logits = sampled(ensemble, members=2).logits()
    assert logits.shape == (20 * 28 * 14, 2, ensemble.outputs)
    np.testing.assert_allclose(logits.mean(axis=1), sampled(ensemble).logits(), atol=1e-4)
    assert np.abs(logits[:, 0] - logits[:, 1]).max() > 0.01


def test_planes_without_members_are_refused_where_members_are_asked_for(ensemble):
    prediction = start_prediction(ensemble, CHANNELS, Deadline.never(), effort=PLAIN)
    samples = LogitSamples(prediction.canvas.target, np.random.default_rng(0), members=2)
    with pytest.raises(InputError, match=r"The logits of all 2 networks must fit into memory .* Is it very large"):
        deque(samples.beside(prediction.planes()), maxlen=0)
