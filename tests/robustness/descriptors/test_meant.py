"""Descriptors as they are meant: of balls and boxes whose answers are known, on any grid."""

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.robustness.descriptors.meant import descriptors_of


def grid_of(shape, spacing_mm):
    z, y, x = shape
    return Grid((x, y, z), spacing_mm, (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def ball(radius_mm, spacing_mm, shape):
    z, y, x = np.ogrid[tuple(slice(0, size) for size in shape)]
    middle = [(size - 1) / 2 for size in shape]
    dx, dy, dz = spacing_mm
    squared = ((z - middle[0]) * dz) ** 2 + ((y - middle[1]) * dy) ** 2 + ((x - middle[2]) * dx) ** 2
    return squared <= radius_mm**2


@pytest.mark.parametrize(("spacing_mm", "shape"), [((1, 1, 1), (50, 50, 50)), ((0.8, 0.8, 2.0), (24, 60, 60))])
def test_a_ball_on_any_grid(spacing_mm, shape):
    found = descriptors_of(ball(18, spacing_mm, shape), {}, grid_of(shape, spacing_mm))
    assert found["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 18**3, rel=0.01)
    assert found["surface_mm2"] == pytest.approx(4 * np.pi * 18**2, rel=0.01)
    assert found["sphericity"] == pytest.approx(1, abs=0.01)
    assert found["centroid_distance_mm"] == pytest.approx(0, abs=1e-6)
    assert found["boundary_length_mm"] == pytest.approx(np.pi / 4 * 2 * np.pi * 18, rel=0.01)  # mean over the slices
    assert found["regions"] == 1


def test_intensities_inside_and_around():
    mask = np.zeros((20, 40, 40), bool)
    mask[8:12, 18:22, 18:22] = True
    pet = np.where(mask, 6.0, 2.0)
    pet[0] = 100  # 16 mm away: not around
    pet[8, 18:22, 18:22] = 9
    found = descriptors_of(mask, {"PET": pet, "MR": pet}, grid_of(mask.shape, (1, 1, 2)))
    assert found["PET_max"] == 9
    assert found["PET_mean"] == pytest.approx(6.75)
    assert found["PET_contrast"] == pytest.approx(4.75)
    assert found["PET_variability"] == pytest.approx(np.sqrt(27 / 16))
    assert found["PET_entropy"] == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    assert "MR_entropy" not in found


def test_entropy_knows_no_difference_within_a_bin():
    mask = np.ones((2, 2, 2), bool)
    ct = np.array([0, 24, 1, 2, 3, 4, 5, 6], float).reshape(2, 2, 2)
    found = descriptors_of(mask, {"CT": ct}, grid_of(mask.shape, (1, 1, 1)))
    assert found["CT_entropy"] == 0
    assert np.isnan(found["CT_contrast"])  # nothing is around


def test_an_empty_reference_has_none():
    mask = np.zeros((4, 4, 4), bool)
    found = descriptors_of(mask, {"CT": np.ones(mask.shape)}, grid_of(mask.shape, (1, 1, 1)))
    assert np.isnan(list(found.values())).all()
