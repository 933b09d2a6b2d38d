"""Small volumes whose intensities vary smoothly, normalised as a CT and as a PET."""

import numpy as np
from scipy import ndimage

SHAPES_ZYX = [(21, 24, 27), (16, 20, 32), (1, 9, 12)]
"""Odd and even numbers of voxels, and a single slice."""


def from_0_to_1(shape_zyx, seed=0):
    """Return a volume with smallest value 0 and largest value 1, as a CT is normalised."""
    rng = np.random.default_rng(seed)
    volume = ndimage.gaussian_filter(rng.normal(size=shape_zyx), 2) + 0.01 * rng.normal(size=shape_zyx)
    volume -= volume.min()
    return (volume / volume.max()).astype(np.float32)


def z_scores(shape_zyx, seed=0):
    """Return a volume of mean 0 and standard deviation 1, with few large values, as a PET is normalised."""
    volume = np.exp(3 * from_0_to_1(shape_zyx, seed).astype(np.float64))
    return ((volume - volume.mean()) / volume.std()).astype(np.float32)


NORMALISED = {"from 0 to 1": from_0_to_1, "z-scores": z_scores}
