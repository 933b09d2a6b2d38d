"""Small volumes that series are made of."""

import numpy as np

from hnseg.imaging.geometry import image_of


def pet_in_bq_ml(grid, *, seed=0):
    """Return activities from 0 to 20000 Bq/ml, whose range differs from slice to slice."""
    values = np.random.default_rng(seed).uniform(0, 20000, grid.shape_zyx)
    return image_of(values * np.linspace(0.2, 1, len(values))[:, np.newaxis, np.newaxis], grid)


def ct_in_hu(grid, *, seed=0):
    """Return whole numbers from -1000 to 999."""
    return image_of(np.random.default_rng(seed).integers(-1000, 1000, grid.shape_zyx).astype(np.int16), grid)
