"""Voxels with probabilities: what follows from them, and temperatures, which change no label."""

import numpy as np
from scipy.special import softmax

from hnseg.evaluation.calibration.voxel_samples import VoxelSamples

RNG = np.random.default_rng(2)
LOGITS = RNG.normal(0, 3, (200, 3)).astype(np.float32)
CLASSES = RNG.integers(3, size=200)
SAMPLES = VoxelSamples.of_logits(LOGITS, CLASSES, np.ones((200, 3), np.bool_))


def test_probabilities_are_the_softmax_and_the_label_the_largest():
    np.testing.assert_allclose(SAMPLES.probabilities, softmax(LOGITS, axis=1), atol=1e-6)
    np.testing.assert_array_equal(SAMPLES.predicted, LOGITS.argmax(axis=1))
    np.testing.assert_allclose(SAMPLES.confidence, softmax(LOGITS, axis=1).max(axis=1), atol=1e-6)
    np.testing.assert_array_equal(SAMPLES.is_correct, LOGITS.argmax(axis=1) == CLASSES)


def test_a_voxel_has_the_temperature_of_its_most_probable_class():
    temperatures = np.array([0.5, 1.0, 4.0])
    calibrated = SAMPLES.at_temperatures(temperatures)
    expected = softmax(LOGITS / temperatures[LOGITS.argmax(axis=1)][:, None], axis=1)
    np.testing.assert_allclose(calibrated.probabilities, expected, atol=1e-5)
    np.testing.assert_array_equal(calibrated.predicted, SAMPLES.predicted)


def test_voxels_are_put_together_and_chosen():
    some = SAMPLES.at(np.arange(50))
    together = VoxelSamples.together([some, SAMPLES.at(np.arange(200) >= 50)])
    assert (len(some), len(together)) == (50, 200)
    np.testing.assert_array_equal(together.log_probabilities, SAMPLES.log_probabilities)
    np.testing.assert_array_equal(together.classes, CLASSES)
