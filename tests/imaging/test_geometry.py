from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import (
    Grid,
    array_of,
    distance_from,
    image_of,
    resample_image,
    resample_into,
    resample_label_map,
    within_mm,
)

OBLIQUE = tuple(sitk.VersorTransform((0.2, -0.4, 1.0), 0.3).GetMatrix())
GRID = Grid(size_xyz=(5, 6, 7), spacing_mm=(0.5, 0.7, 2.0), origin_mm=(-11.5, 3.25, 1 / 3), direction=OBLIQUE)


def shifted(grid, millimetres):
    return Grid(grid.size_xyz, grid.spacing_mm, (grid.origin_mm[0] + millimetres, *grid.origin_mm[1:]), grid.direction)


def counted(grid):
    """An image whose voxels count up, so that every voxel is told apart."""
    return image_of(np.arange(np.prod(grid.size_xyz), dtype=np.int16).reshape(grid.shape_zyx), grid)


def test_grid_of_an_image_made_on_it_is_itself():
    assert Grid.of(counted(GRID)) == GRID


def test_array_axes_are_the_reverse_of_image_axes():
    image = counted(GRID)
    assert array_of(image).shape == GRID.shape_zyx == (7, 6, 5)
    assert GRID.spacing_zyx_mm == (2.0, 0.7, 0.5)
    assert array_of(image)[6, 2, 1] == image[1, 2, 6]


def test_arrays_are_copies():
    image = counted(GRID)
    array_of(image)[0, 0, 0] = 99
    assert image[0, 0, 0] == 0


def test_array_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(7, 6, 5\) \(z, y, x\), found \(5, 6, 7\)"):
        image_of(np.zeros((5, 6, 7)), GRID)


def test_voxel_volume():
    assert GRID.voxel_volume_mm3 == pytest.approx(0.7)


def test_points_are_where_simpleitk_has_them():
    index = np.array([[0, 0, 0], [4, 5, 6], [1.5, -2.0, 3.25]])
    expected = [counted(GRID).TransformContinuousIndexToPhysicalPoint(row.tolist()) for row in index]
    np.testing.assert_allclose(GRID.points_mm(index), expected, atol=1e-12)


def test_indices_undo_points():
    index = np.array([[0, 0, 0], [4, 5, 6], [1.5, -2.0, 3.25]])
    np.testing.assert_allclose(GRID.index_xyz(GRID.points_mm(index)), index, atol=1e-12)


def test_corners_are_the_outermost_centres():
    image = counted(GRID)
    expected = {
        tuple(np.round(image.TransformIndexToPhysicalPoint((x, y, z)), 6))
        for x in (0, 4)
        for y in (0, 5)
        for z in (0, 6)
    }
    assert {tuple(row) for row in np.round(GRID.corners_mm(), 6)} == expected


@pytest.mark.parametrize(("millimetres", "same"), [(0.0, True), (0.0009, True), (0.0011, False), (-3.0, False)])
def test_grids_match_within_a_thousandth_of_a_millimetre(millimetres, same):
    assert GRID.matches(shifted(GRID, millimetres)) is same
    assert GRID.distance_mm(shifted(GRID, millimetres)) == pytest.approx(abs(millimetres))


def test_a_small_tilt_is_a_large_distance_far_from_the_origin():
    tilted = Grid(
        GRID.size_xyz, GRID.spacing_mm, GRID.origin_mm, tuple(sitk.VersorTransform((0.2, -0.4, 1.0), 0.31).GetMatrix())
    )
    assert GRID.distance_mm(tilted) > 0.05
    assert "direction" in GRID.differences(tilted)


def test_grids_of_another_size_never_match():
    other = Grid((5, 6, 8), GRID.spacing_mm, GRID.origin_mm, GRID.direction)
    assert GRID.distance_mm(other) == float("inf")
    assert GRID.differences(other) == "size (5, 6, 7) instead of (5, 6, 8)"


def test_differences_name_what_differs_and_nothing_else():
    assert GRID.differences(GRID) == ""
    assert GRID.differences(shifted(GRID, 2.0)) == ("origin (-11.5, 3.25, 0.3333) instead of (-9.5, 3.25, 0.3333)")


def test_differences_too_small_to_print_are_given_as_a_distance():
    large = Grid((4000, 6, 7), GRID.spacing_mm, GRID.origin_mm, GRID.direction)
    stretched = Grid((4000, 6, 7), (0.500002, 0.7, 2.0), GRID.origin_mm, GRID.direction)
    assert large.differences(stretched) == "voxel centres 0.007998 mm apart"


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.4, 2.0), (0.25, 0.35, 1.0), (8.0, 8.0, 8.0)])
def test_respaced_grid_covers_the_same_field_of_view(spacing_mm):
    other = GRID.respaced(spacing_mm)
    assert other.spacing_mm == spacing_mm
    assert other.direction == GRID.direction
    np.testing.assert_allclose(other.corners_mm().mean(axis=0), GRID.corners_mm().mean(axis=0), atol=1e-12)
    for n, new, old, m in zip(other.size_xyz, spacing_mm, GRID.spacing_mm, GRID.size_xyz, strict=True):
        assert n == 1 or abs(n * new - m * old) <= new / 2 + 1e-9


def test_resampling_onto_its_own_grid_changes_nothing():
    image = counted(GRID)
    for resample in (resample_image, resample_label_map):
        np.testing.assert_array_equal(array_of(resample(image, GRID)), array_of(image))


def test_transform_maps_points_of_the_grid_to_points_of_the_image():
    grid = Grid((5, 6, 7), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    image = counted(grid)
    result = resample_image(image, grid, transform=sitk.TranslationTransform(3, (1.0, 0.0, 0.0)), outside=-7)
    np.testing.assert_array_equal(array_of(result)[:, :, :-1], array_of(image)[:, :, 1:])
    assert (array_of(result)[:, :, -1] == -7).all()


def test_intensities_are_interpolated_and_labels_are_not():
    grid = Grid((4, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    array = np.zeros((4, 4, 4), np.uint8)
    array[:, :, 2:] = 2
    half = sitk.TranslationTransform(3, (0.6, 0.0, 0.0))
    assert set(np.unique(array_of(resample_label_map(image_of(array, grid), grid, transform=half)))) == {0, 2}
    assert array_of(resample_image(image_of(array.astype(np.float32), grid), grid, transform=half))[0, 0, 1] == (
        pytest.approx(1.2)
    )


def test_labels_outside_the_image_are_background():
    grid = Grid((4, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    label_map = image_of(np.full((4, 4, 4), 2, np.uint8), grid)
    away = sitk.TranslationTransform(3, (100.0, 0.0, 0.0))
    assert not array_of(resample_label_map(label_map, grid, transform=away)).any()


@pytest.mark.parametrize("slices", [1, 16, 37])
def test_filling_an_array_in_parts_is_resampling_in_one(slices):
    image = image_of(np.random.default_rng(0).normal(0, 50, GRID.shape_zyx).astype(np.float32), GRID)
    grid = Grid((9, 8, slices), (0.7, 0.6, 0.4), (-10.0, 3.0, 0.0), GRID.direction)
    turn = sitk.VersorTransform((0.3, 0.1, 1.0), 0.2)
    array = np.zeros(grid.shape_zyx, np.float32)
    resample_into(array, image, grid, transform=turn, outside=-9)
    whole = array_of(resample_image(image, grid, transform=turn, outside=-9))
    np.testing.assert_allclose(array, whole, atol=1e-3)
    assert (whole > -9).any()


def test_an_array_of_another_shape_is_not_filled():
    with pytest.raises(ValueError, match=r"must have shape \(7, 6, 5\) \(z, y, x\), found \(6, 6, 5\)"):
        resample_into(np.zeros((6, 6, 5), np.float32), counted(GRID), GRID)


@pytest.mark.parametrize(("share", "close"), [(0.0, True), (0.049, True), (0.051, False), (1.0, False)])
def test_grids_are_close_within_a_twentieth_of_the_smallest_spacing(share, close):
    millimetres = share * min(GRID.spacing_mm)
    assert GRID.is_close_to(shifted(GRID, millimetres)) is close
    assert shifted(GRID, millimetres).is_close_to(GRID) is close


def test_a_direction_as_writers_round_it_is_close():
    cosine, sine = np.cos(2.4e-5), np.sin(2.4e-5)
    turned = replace(GRID, direction=(cosine, -sine, 0, sine, cosine, 0, 0, 0, 1))
    level = replace(GRID, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert turned.is_close_to(level)


COARSE = Grid((5, 4, 3), (1.0, 2.0, 3.0), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


@pytest.fixture
def voxel():
    mask = np.zeros(COARSE.shape_zyx, dtype=bool)
    mask[1, 1, 1] = True
    return mask


def test_distances_are_in_mm_along_each_axis_and_between(voxel):
    away_mm = distance_from(voxel, COARSE)
    assert (away_mm[1, 1, 1], away_mm[0, 1, 1], away_mm[1, 0, 1], away_mm[1, 1, 4]) == (0, 3, 2, 3)
    assert away_mm[2, 3, 1] == pytest.approx(5)  # 3 and 4 mm


def test_voxels_at_just_the_distance_are_within_it(voxel):
    assert within_mm(voxel, 3.0, COARSE).sum() == 15  # 5 along x, 4 in each line beside, 1 below and 1 above
    np.testing.assert_array_equal(within_mm(voxel, 0.0, COARSE), voxel)


def test_an_empty_mask_is_infinitely_far(voxel):
    empty = np.zeros_like(voxel)
    assert np.isinf(distance_from(empty, COARSE)).all()
    assert not within_mm(empty, 1e9, COARSE).any()
