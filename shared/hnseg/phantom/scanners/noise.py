"""Random noise that is smooth over some millimetres, for the texture of tissue and the noise of scanners."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid


def smooth_noise(grid: Grid, rng: np.random.Generator, *, sigma_mm: float) -> FloatArray:
    """Return smooth Gaussian noise of unit standard deviation, float32 (z, y, x).

    Args:
        grid: Grid of the noise.
        rng: Source of randomness.
        sigma_mm: Standard deviation of the Gaussian blur.
    """
    noise = rng.standard_normal(grid.shape_zyx, dtype=np.float32)
    ndimage.gaussian_filter(noise, sigma=[sigma_mm / s for s in grid.spacing_zyx_mm], output=noise)
    noise /= noise.std()
    return noise


def streaked_noise(grid: Grid, rng: np.random.Generator, *, length_mm: float) -> FloatArray:
    """Return noise of unit standard deviation in streaks along x, float32 (z, y, x).

    Args:
        grid: Grid of the noise.
        rng: Source of randomness.
        length_mm: Length of the moving average along x.
    """
    noise = rng.standard_normal(grid.shape_zyx, dtype=np.float32)
    sx, _, _ = grid.spacing_mm
    ndimage.uniform_filter1d(noise, max(1, round(length_mm / sx)), axis=2, output=noise)
    noise /= noise.std()
    return noise
