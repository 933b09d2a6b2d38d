"""Noise beside TorchIO's, whose generator is another, and by its statistics."""

import numpy as np
import pytest
from scipy import stats

from hnseg.robustness.perturbations.noise import Noise, add_noise, draw_noise
from tests.support.smooth_volumes import from_0_to_1


def test_it_is_distributed_as_torchios(ask):
    volume = from_0_to_1((20, 30, 40))
    noise = Noise(standard_deviation=0.3, seed=7)
    theirs = (ask(volume, [noise]).arrays[0] - volume).ravel()
    ours = (add_noise(volume, noise) - volume).ravel()
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01
    np.testing.assert_allclose(ours.std(), theirs.std(), rtol=0.02)


def test_it_is_normal_with_the_same_deviation_everywhere():
    noise = add_noise(np.zeros((40, 50, 60), np.float32), Noise(standard_deviation=0.5, seed=1))
    assert stats.kstest(noise.ravel() / 0.5, "norm").pvalue > 0.01
    np.testing.assert_allclose(noise.std(axis=(1, 2)), 0.5, rtol=0.08)
    assert abs(np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]) < 0.01


def test_the_same_seed_gives_the_same_noise():
    volume = from_0_to_1((4, 5, 6))
    same = [add_noise(volume, Noise(standard_deviation=0.2, seed=3)) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (add_noise(volume, Noise(standard_deviation=0.2, seed=4)) != same[0]).all()


@pytest.mark.parametrize(("severity", "smallest", "largest"), [(1, 0, 0.25), (2, 0.1, 0.5), (3, 0.2, 0.75)])
def test_it_is_drawn_as_published(severity, smallest, largest):
    rng = np.random.default_rng(0)
    drawn = [draw_noise(severity, rng) for _ in range(400)]
    deviations = [noise.standard_deviation for noise in drawn]
    assert smallest <= min(deviations) < max(deviations) <= largest
    np.testing.assert_allclose(np.mean(deviations), (smallest + largest) / 2, rtol=0.05)
    assert len({noise.seed for noise in drawn}) == 400
