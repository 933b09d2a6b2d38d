"""CT of tissues in HU: noise, streaks, table, metal."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.painting import Coordinates, Pose
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.scanners.ct import HIGHEST_HU, LOWEST_HU, scan_ct

GRID = Grid((60, 60, 16), (2.0, 2.0, 3.0), (-59.0, -59.0, -22.5), (1, 0, 0, 0, 1, 0, 0, 0, 1))
POSE = Pose(np.eye(3), (0.0, 0.0, 0.0))
COORDINATES = Coordinates.of(GRID, POSE, ())
TEETH = ((-24.0, 0.0, 1.5), (24.0, 0.0, 1.5))


def neck_of(tissue: Tissue) -> np.ndarray:
    """A round neck, 80 mm wide, of one tissue."""
    tissues = np.zeros(GRID.shape_zyx, dtype=np.uint8)
    tissues[np.hypot(COORDINATES.x, COORDINATES.y) < 40] = tissue
    return tissues


def image_of(tissue: Tissue, seed: int = 0, **kwargs) -> np.ndarray:
    return scan_ct(neck_of(tissue), GRID, COORDINATES, np.random.default_rng(seed), **kwargs).astype(float)


@pytest.mark.parametrize(
    ("tissue", "hounsfield"),
    [
        (Tissue.FAT, -100),
        (Tissue.MUSCLE, 56),
        (Tissue.PAROTID, 15),
        (Tissue.THYROID, 125),
        (Tissue.ARTERY, 190),
        (Tissue.CSF, 13),
        (Tissue.MARROW, 270),
    ],
)
def test_patients_vary_around_the_tissues_hounsfield_units(tissue, hounsfield):
    inside = np.hypot(COORDINATES.x, COORDINATES.y) < 30
    means = [image_of(tissue, seed)[inside].mean() for seed in range(8)]
    assert np.mean(means) == pytest.approx(hounsfield, abs=25)
    assert np.std(means) > 1


def test_air_around_the_patient_is_air_without_a_couch():
    outside = np.hypot(COORDINATES.x, COORDINATES.y) > 46
    image = image_of(Tissue.MUSCLE, couch=False)
    assert image[outside].mean() == pytest.approx(-1000, abs=5)


def test_noise_is_that_of_a_planning_scan_and_its_neighbours_resemble_each_other():
    fine = Grid(GRID.size_xyz, (0.8, 0.8, 3.0), GRID.origin_mm, GRID.direction)
    tissues = np.full(GRID.shape_zyx, Tissue.CSF, dtype=np.uint8)
    image = scan_ct(tissues, fine, COORDINATES, np.random.default_rng(0), couch=False).astype(float)
    assert 12 < image.std() < 25
    assert np.corrcoef(image[:, :, 1:].ravel(), image[:, :, :-1].ravel())[0, 1] > 0.3


def test_wide_slices_are_streaked_from_side_to_side():
    tissues = np.full(GRID.shape_zyx, Tissue.MUSCLE, dtype=np.uint8)
    wide = Grid(GRID.size_xyz, (6.0, 2.0, 3.0), GRID.origin_mm, GRID.direction)
    narrow_image, wide_image = (
        scan_ct(tissues, grid, COORDINATES, np.random.default_rng(1), couch=False).astype(float)
        for grid in (GRID, wide)
    )
    # A row's mean keeps what runs along it and loses the grain.
    assert wide_image.mean(axis=2).std() > 1.5 * narrow_image.mean(axis=2).std()


def test_couch_lies_below_the_patient_and_does_not_touch_him():
    with_couch, without = (image_of(Tissue.MUSCLE, 3, couch=couch) for couch in (True, False))
    down = COORDINATES.y
    top_mm = 40 + 6
    plate = with_couch[(down > top_mm) & (down < top_mm + 2)]
    foam = with_couch[(down > top_mm + 8)]
    inside = np.hypot(COORDINATES.x, COORDINATES.y) < 30
    assert plate.mean() > -600
    assert -960 < foam.mean() < -900
    assert with_couch[inside].mean() == pytest.approx(without[inside].mean(), abs=5)


@pytest.mark.parametrize("seed", [0, 1])
def test_metal_streaks_its_own_slices_only(seed):
    clean, streaked = (image_of(Tissue.MUSCLE, seed, metal=metal) for metal in ((), TEETH))
    change = abs(streaked - clean)
    # The crowns reach 4.5 mm up and down from 1.5 mm, and partial volume a slice further.
    near = abs(COORDINATES.z[:, 0, 0] - 1.5) < 8
    assert change[~near].max() == 0
    assert change[near].mean() > 10
    assert streaked[near].max() > 2500


def test_between_two_crowns_it_is_dark():
    clean, streaked = (image_of(Tissue.MUSCLE, metal=metal, couch=False) for metal in ((), TEETH))
    between = (abs(COORDINATES.x) < 14) & (abs(COORDINATES.y) < 2) & (abs(COORDINATES.z - 1.5) < 2)
    aside = (abs(COORDINATES.x) < 14) & (abs(abs(COORDINATES.y) - 14) < 4) & (abs(COORDINATES.z - 1.5) < 2)
    change = streaked - clean
    assert change[between].mean() < -100
    assert change[aside].mean() > change[between].mean() + 100


def test_metal_out_of_view_changes_nothing():
    far = ((500.0, 0.0, 0.0),)
    np.testing.assert_array_equal(image_of(Tissue.MUSCLE, metal=far), image_of(Tissue.MUSCLE))


def test_empty_grid_is_air():
    image = image_of(Tissue.OUTSIDE)
    assert image.mean() == pytest.approx(-1000, abs=5)


def test_hounsfield_units_stay_in_range_and_the_same_seed_gives_the_same_voxels():
    first, again, other = (
        scan_ct(neck_of(Tissue.TOOTH), GRID, COORDINATES, np.random.default_rng(seed), metal=TEETH)
        for seed in (5, 5, 6)
    )
    assert first.dtype == np.int16
    assert first.min() >= LOWEST_HU
    assert first.max() <= HIGHEST_HU
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5
