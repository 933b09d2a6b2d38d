"""Noise by position: its distribution, and that tiles agree on it."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from hnseg.inference.further.noise import normal_noise

SHAPE = (40, 50, 60)
WHOLE = tuple(slice(0, size) for size in SHAPE)
CPU = torch.device("cpu")


def noise(seed=1, channel=0, box=WHOLE):
    return normal_noise(seed, channel, box, SHAPE, CPU).numpy()


def test_it_is_standard_normal():
    values = noise()
    assert values.dtype == np.float32
    assert values.shape == SHAPE
    assert kstest(values.ravel()[::7], "norm").pvalue > 0.01
    assert abs(values.mean()) < 0.01
    assert values.std() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_have_nothing_in_common(axis):
    values = noise()
    shifted = np.roll(values, 1, axis=axis)
    assert abs(np.corrcoef(values.ravel(), shifted.ravel())[0, 1]) < 0.01


def test_a_tile_has_the_noise_of_its_place():
    box = (slice(3, 11), slice(40, 50), slice(0, 17))
    assert np.array_equal(noise(box=box), noise()[box])


@pytest.mark.parametrize("other", [{"seed": 2}, {"channel": 1}, {"seed": 2, "channel": 1}])
def test_seeds_and_channels_have_noise_of_their_own(other):
    assert abs(np.corrcoef(noise().ravel(), noise(**other).ravel())[0, 1]) < 0.01


def test_the_first_values_stay_what_they_are():
    found = noise(box=(slice(0, 1), slice(0, 1), slice(0, 3))).ravel()
    np.testing.assert_allclose(found, FIRST, atol=1e-6)


FIRST = [0.11970614, 0.80488616, 0.54683065]
