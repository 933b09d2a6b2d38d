"""Noise has unit standard deviation and the stated smoothness, in millimetres on any grid."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.scanners.noise import smooth_noise, streaked_noise

LPS = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)


def correlation(noise: np.ndarray, axis: int, lag: int) -> float:
    """Return the correlation of voxels that lie a number of voxels apart along an axis."""
    moved = np.moveaxis(noise, axis, 0)
    ahead, behind = moved[lag:], moved[:-lag]
    return float(np.corrcoef(ahead.ravel(), behind.ravel())[0, 1])


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (1.0, 2.0, 3.0)])
def test_smooth_noise_is_correlated_by_distance_in_mm(spacing_mm):
    noise = smooth_noise(Grid((48, 48, 48), spacing_mm, (0, 0, 0), LPS), np.random.default_rng(0), sigma_mm=3.0)
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(1.0, abs=1e-4)
    # Blurred white noise correlates as a Gaussian of variance 2 sigma^2: exp(-d^2 / 4 sigma^2) at a distance d.
    for axis, spacing in enumerate(spacing_mm[::-1]):
        lag = round(6 / spacing)
        assert correlation(noise, axis, lag) == pytest.approx(np.exp(-1), abs=0.12)


def test_streaks_run_along_x_alone():
    grid = Grid((64, 48, 32), (2.0, 1.0, 1.0), (0, 0, 0), LPS)
    noise = streaked_noise(grid, np.random.default_rng(0), length_mm=20.0)
    assert noise.std() == pytest.approx(1.0, abs=1e-4)
    # A moving average of ten voxels: neighbours have nine of ten in common.
    assert correlation(noise, 2, 1) == pytest.approx(0.9, abs=0.05)
    assert correlation(noise, 1, 1) == pytest.approx(0.0, abs=0.05)
    assert correlation(noise, 0, 1) == pytest.approx(0.0, abs=0.05)


def test_the_same_seed_gives_the_same_noise():
    grid = Grid((8, 8, 8), (1.0, 1.0, 1.0), (0, 0, 0), LPS)
    one, other = (smooth_noise(grid, np.random.default_rng(7), sigma_mm=1.0) for _ in range(2))
    np.testing.assert_array_equal(one, other)
