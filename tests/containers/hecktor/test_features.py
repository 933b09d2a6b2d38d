from math import hypot, isnan

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.ehr import Ehr
from containers.hecktor.features import IMAGE_FEATURES, diameter_mm, features_of
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, image_of
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between

GRID = Grid((40, 30, 20), (1.0, 2.0, 3.0), (-20.0, -30.0, -220.0), LPS)  # 6 mm3 a voxel
NOBODY = Ehr()
DIRECTIONS = pytest.mark.parametrize(
    "direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"]
)


@pytest.fixture(scope="module")
def coarse():
    """Return a neck whose midplane is at x = 0, on a CT that lies off its middle."""
    return coarse_ct_of(Figure().ct(grid_between((-150, -100, -260), (90, 110, -170), (4, 4, 5))))


def labelled(*boxes, grid=GRID):
    """Return a label map of boxes (label, z, y, x), each axis a slice."""
    array = np.zeros(grid.shape_zyx, np.uint8)
    for label, *box in boxes:
        array[tuple(box)] = label
    return image_of(array, grid)


def pet_of(suv, grid=GRID):
    return image_of(suv.astype(np.float32), grid)


def test_volumes_counts_and_diameters_by_hand(coarse):
    label_map = labelled(
        (1, slice(2, 6), slice(2, 7), slice(2, 12)),  # 200 voxels, 9 x 8 x 9 mm between centres
        (1, slice(15, 16), slice(2, 3), slice(2, 4)),  # a second piece of the primary
        (2, slice(2, 4), slice(20, 25), slice(20, 30)),  # 100 voxels, 9 x 8 x 3 mm
        (2, slice(10, 11), slice(20, 22), slice(20, 30)),  # 20 voxels, 9 x 2 mm
        (2, slice(11, 12), slice(22, 24), slice(30, 36)),  # touches the last by a corner alone: the same node
        (2, slice(18, 19), slice(2, 4), slice(20, 28)),  # 16 voxels, 0.096 ml: too small for a node
    )
    found = features_of(label_map, None, NOBODY, coarse=coarse)
    assert found["gtvp_ml"] == pytest.approx(202 * 0.006)
    assert found["gtvn_ml"] == pytest.approx((100 + 20 + 12 + 16) * 0.006)
    assert found["gtvp_diameter_mm"] == pytest.approx((81 + 64 + 81) ** 0.5)
    assert found["largest_node_diameter_mm"] == pytest.approx((15**2 + 6**2 + 3**2) ** 0.5)  # 16 voxels in all, 3 rows
    assert found["node_count"] == 2


def test_an_empty_label_map_has_nothing_and_no_uptake(coarse):
    found = features_of(labelled(), pet_of(np.ones(GRID.shape_zyx)), NOBODY, coarse=coarse)
    assert {name: found[name] for name in IMAGE_FEATURES} == dict.fromkeys(IMAGE_FEATURES, 0.0)


def test_uptake_by_hand(coarse):
    label_map = labelled((1, slice(2, 3), slice(2, 3), slice(2, 12)), (2, slice(9, 10), slice(2, 3), slice(2, 4)))
    suv = np.full(GRID.shape_zyx, 90.0)  # the brain is brighter than any tumour, and must not count
    suv[2, 2, 2:12] = [60, 30, 24.6, 24.5, 1, 1, 1, 1, 1, 1]  # beyond the channel's 50; 41 % of 60 is 24.6
    suv[9, 2, 2:4] = [40, 5]
    found = features_of(label_map, pet_of(suv), NOBODY, coarse=coarse)
    assert found["suv_max"] == pytest.approx(60)
    assert found["mtv_ml"] == pytest.approx(4 * 0.006)  # 60, 30, 24.6 and 40
    assert found["tlg"] == pytest.approx((60 + 30 + 24.6 + 40) * 0.006, rel=1e-6)


def test_the_pet_is_found_through_the_world_and_is_0_where_it_does_not_reach(coarse):
    label_map = labelled((1, slice(2, 4), slice(2, 7), slice(2, 12)))
    # A PET that rises by 1 SUV every 10 mm to the left, on a tilted grid of its own: linear, so interpolation is exact.
    grid = grid_between((-80, -80, -260), (80, 80, -160), (5, 5, 5), TILTED)
    index = np.indices(grid.shape_zyx)[::-1].reshape(3, -1).T.astype(float)
    suv = (grid.points_mm(index)[:, 0] / 10 + 10).reshape(grid.shape_zyx)
    found = features_of(label_map, pet_of(suv, grid), NOBODY, coarse=coarse)
    assert found["suv_max"] == pytest.approx((-20 + 11) / 10 + 10, abs=1e-4)
    elsewhere = Grid((5, 5, 5), (5, 5, 5), (900.0, 0.0, 0.0), LPS)
    assert features_of(label_map, pet_of(np.ones((5, 5, 5)), elsewhere), NOBODY, coarse=coarse)["suv_max"] == 0


def test_whole_numbers_are_interpolated_as_the_numbers_that_they_are(coarse):
    grid = Grid((2, 30, 20), (39.0, 2.0, 3.0), (-20.0, -30.0, -220.0), LPS)
    suv = np.zeros(grid.shape_zyx, np.int16)
    suv[:, :, 1] = 39  # 1 SUV a mm from the right end to the left one
    label_map = labelled((1, slice(2, 3), slice(2, 3), slice(5, 6)))
    assert features_of(label_map, image_of(suv, grid), NOBODY, coarse=coarse)["suv_max"] == pytest.approx(5)


def test_without_a_pet_the_uptake_is_unknown(coarse):
    found = features_of(labelled((1, slice(2, 6), slice(2, 7), slice(2, 12))), None, NOBODY, coarse=coarse)
    assert all(isnan(found[name]) for name in ("suv_max", "mtv_ml", "tlg"))


def node_at(grid, *points_mm):
    """Return a label map with a node of 3 x 3 x 3 voxels around each point."""
    array = np.zeros(grid.shape_zyx, np.uint8)
    for index in np.rint(grid.index_xyz(np.array(points_mm, float))).astype(int):
        x, y, z = index
        array[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = 2
    return image_of(array, grid)


@DIRECTIONS
def test_nodes_on_both_sides_of_the_neck_are_bilateral_in_any_direction(direction):
    extent = ((-150, -100, -260), (90, 110, -170))  # the body's middle is not the image's
    grid = grid_between(*extent, (3, 4, 4), direction)
    coarse = coarse_ct_of(Figure().ct(grid))

    def is_bilateral(*points_mm):
        found = features_of(node_at(grid, *points_mm), None, NOBODY, coarse=coarse)
        assert found["node_count"] == len(points_mm)
        return found["is_bilateral"]

    assert is_bilateral((-25, 15, -215), (25, 15, -215)) == 1
    # Both are left of the image's middle at -30, and right of the body's.
    assert is_bilateral((-40, 15, -215), (-15, 15, -215)) == 0
    assert is_bilateral((25, 15, -215)) == 0
    assert is_bilateral((25, 15, -215), (0, 40, -215)) == 0  # in the midline: on neither side


def test_the_record_becomes_numbers_and_gaps_stay_gaps(coarse):
    ehr = Ehr(age_years=63, is_male=False, performance_status=2, treatment="RT", hpv_positive=True, m_stage="M1")
    found = features_of(labelled(), None, ehr, coarse=coarse)
    given = {
        "age_years": 63,
        "performance_status": 2,
        "is_male": 0,
        "is_crt": 0,
        "hpv_positive": 1,
        "has_metastases": 1,
    }
    assert {name: found[name] for name in given} == given
    assert all(isnan(found[name]) for name in ("smokes", "drinks", "had_surgery"))
    assert features_of(labelled(), None, Ehr(treatment="CRT", m_stage="M0"), coarse=coarse)["is_crt"] == 1
    unknown = features_of(labelled(), None, NOBODY, coarse=coarse)
    assert [name for name, value in unknown.items() if not isnan(value)] == list(IMAGE_FEATURES[:6])


def ball(radius_mm, grid):
    centre = (np.array(grid.size_xyz) - 1) / 2
    index = np.indices(grid.shape_zyx)[::-1].reshape(3, -1).T
    return (np.hypot.reduce((index - centre) * grid.spacing_mm, axis=1) <= radius_mm).reshape(grid.shape_zyx)


@DIRECTIONS
def test_the_diameter_of_a_rod_on_any_grid(direction):
    grid = Grid((30, 20, 10), (0.5, 2.0, 3.0), (0.0, 0.0, 0.0), direction)
    mask = np.zeros(grid.shape_zyx, bool)
    mask[2, 4, 3:24] = True
    assert diameter_mm(mask, grid) == pytest.approx(20 * 0.5)
    mask[9, 16, 3] = True  # the far end of a lattice triangle
    assert diameter_mm(mask, grid) == pytest.approx(hypot(10, 12 * 2, 7 * 3))


@pytest.mark.parametrize(("mask_voxels", "expected"), [(0, 0.0), (1, 0.0), (2, 1.0)])
def test_the_diameter_of_next_to_nothing(mask_voxels, expected):
    mask = np.zeros(GRID.shape_zyx, bool)
    mask[5, 5, 5 : 5 + mask_voxels] = True
    assert diameter_mm(mask, GRID) == expected


def test_the_diameter_of_a_large_ball_takes_the_hull():
    grid = Grid((161, 161, 81), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), LPS)
    assert diameter_mm(ball(80, grid), grid) == pytest.approx(160)
    assert diameter_mm(ball(79.6, grid), grid) == pytest.approx(2 * 79.6, abs=0.5)


def test_label_maps_of_whole_images_are_measured_in_their_box(coarse):
    grid = Grid((400, 400, 100), (1.0, 1.0, 2.0), (-200.0, -200.0, -300.0), LPS)
    label_map = labelled((1, slice(50, 55), slice(200, 210), slice(200, 210)), grid=grid)
    pet = sitk.Cast(labelled(grid=GRID) + 3, sitk.sitkFloat32)
    found = features_of(label_map, pet, NOBODY, coarse=coarse)
    assert (found["gtvp_ml"], found["suv_max"]) == (1.0, 3.0)
