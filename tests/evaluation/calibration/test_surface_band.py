"""Distances from a surface on an anisotropic grid, and the band around it beside a search of all voxels."""

import numpy as np
import pytest

from hnseg.evaluation.calibration.surface_band import surface_band, surface_distance_mm

SPACING = (3.0, 1.0, 2.0)


def nearest_mm(mask):
    """Return the distance of each voxel from the nearest one on the other side, from all pairs."""
    places = np.argwhere(np.ones_like(mask)) * np.array(SPACING)
    flat = mask.ravel()
    pairs = np.linalg.norm(places[:, None] - places[None], axis=2)
    pairs[flat[:, None] == flat[None]] = np.inf
    return pairs.min(axis=1).reshape(mask.shape)


@pytest.fixture
def mask():
    mask = np.random.default_rng(1).random((5, 8, 6)) < 0.15
    mask[1:4, 2:6, 1:4] = True
    return mask


def test_distances_are_in_mm_along_each_axis(mask):
    np.testing.assert_allclose(surface_distance_mm(mask, spacing_zyx_mm=SPACING), nearest_mm(mask))


@pytest.mark.parametrize("band_mm", [0.5, 1, 2.5, 4])
def test_the_band_has_what_is_near_on_either_side(mask, band_mm):
    band = surface_band(mask, spacing_zyx_mm=SPACING, band_mm=band_mm)
    np.testing.assert_array_equal(band, nearest_mm(mask) <= band_mm)


def test_the_band_of_a_structure_is_cut_at_the_image_and_reaches_as_far_elsewhere():
    mask = np.zeros((30, 30, 30), np.bool_)
    mask[0, 15, 15] = True
    band = surface_band(mask, spacing_zyx_mm=SPACING, band_mm=6)
    assert [np.flatnonzero(band.any(axis=axes)).tolist() for axes in ((1, 2), (0, 2), (0, 1))] == [
        [0, 1, 2], list(range(9, 22)), list(range(12, 19))
    ]  # fmt: skip


def test_an_empty_mask_has_no_band_and_a_full_one_neither():
    for mask in (np.zeros((2, 3, 4), np.bool_), np.ones((2, 3, 4), np.bool_)):
        assert not surface_band(mask, spacing_zyx_mm=SPACING, band_mm=100).any()
