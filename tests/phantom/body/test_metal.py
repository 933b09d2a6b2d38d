"""Metal in teeth: its voxels, its streaks in a CT, its void in an MR."""

from __future__ import annotations

import numpy as np

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.metal import add_streaks, dephase, metal_mask
from hnseg.phantom.body.painting import Coordinates, Pose

GRID = Grid((40, 40, 5), (1.0, 1.0, 3.0), (-20.0, -20.0, -6.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
COORDINATES = Coordinates.of(GRID, Pose(np.eye(3), (0.0, 0.0, 0.0)), ())
CROWN = (0.0, 0.0, 0.0)


def test_a_crown_has_about_the_volume_of_its_ellipsoid():
    mask = metal_mask(COORDINATES, [CROWN])
    assert abs(mask.sum() * GRID.voxel_volume_mm3 / (4 / 3 * np.pi * 4 * 4 * 4.5) - 1) < 0.1
    assert mask[2, 20, 20]


def test_no_metal_or_metal_outside_the_grid_is_an_empty_mask():
    assert not metal_mask(COORDINATES, []).any()
    assert not metal_mask(COORDINATES, [(0.0, 0.0, 200.0)]).any()


def test_streaks_stay_in_the_slices_with_metal():
    hounsfield = np.zeros(GRID.shape_zyx, dtype=np.float32)
    mask = metal_mask(COORDINATES, [(-10.0, 0.0, 0.0), (10.0, 0.0, 0.0)])
    add_streaks(hounsfield, mask, GRID, np.random.default_rng(0))
    with_metal = mask.any(axis=(1, 2))
    assert with_metal.tolist() == [False, True, True, True, False]
    assert (np.abs(hounsfield).max(axis=(1, 2)) > 100).tolist() == with_metal.tolist()
    assert not hounsfield[~with_metal].any()
    # Rays through both crowns are the darkest.
    assert hounsfield[2, 20, 16:24].mean() < -100


def test_a_void_is_empty_in_the_middle_and_bright_at_the_rim():
    signal = np.ones(GRID.shape_zyx, dtype=np.float32)
    dephase(signal, COORDINATES, [CROWN])
    distance = np.sqrt(COORDINATES.x**2 + COORDINATES.y**2 + COORDINATES.z**2)
    assert signal[distance < 2].max() < 0.01
    assert signal[np.abs(distance - 11.25) < 0.5].min() > 1.3  # 1.25 times the void's 9 mm
    np.testing.assert_array_equal(signal[distance > 19], 1)


def test_no_metal_leaves_the_signal_as_it_is():
    signal = np.ones(GRID.shape_zyx, dtype=np.float32)
    dephase(signal, COORDINATES, [])
    assert (signal == 1).all()
