import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.box import Box, BoxMm, put_back, whole
from hnseg.imaging.geometry import Grid, array_of, image_of
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED

BOX = Box((3, 1, 2), (2, 4, 5))


def grid_of(direction):
    return Grid((9, 7, 8), (0.7, 1.1, 3.3), (-61.7, 13.0, 1 / 3), direction)


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_a_part_is_put_back_where_it_was_cut_out(direction):
    grid = grid_of(direction)
    numbers = np.arange(9 * 7 * 8, dtype=np.uint16).reshape(grid.shape_zyx)
    part = image_of(BOX.of(numbers).copy(), BOX.grid_in(grid))
    # SimpleITK cuts out the same box by itself, voxels and place.
    same = image_of(numbers, grid)[3:5, 1:5, 2:7]
    assert Grid.of(part).matches(Grid.of(same))
    np.testing.assert_array_equal(array_of(part), array_of(same))
    back = put_back(part, grid)
    assert Grid.of(back) == grid
    expected = np.zeros_like(numbers)
    expected[2:7, 1:5, 3:5] = numbers[2:7, 1:5, 3:5]
    np.testing.assert_array_equal(array_of(back), expected)


def test_a_box_of_an_array_is_a_view():
    array = np.zeros((8, 7, 9))
    BOX.of(array)[:] = 1
    assert array.sum() == 2 * 4 * 5


def test_what_is_on_the_whole_grid_comes_back_as_it_is():
    grid = grid_of(TILTED)
    label_map = image_of(np.ones(grid.shape_zyx, np.uint8), grid)
    assert whole(grid).grid_in(grid) == grid
    assert put_back(label_map, grid) is label_map


@pytest.mark.parametrize(
    "wrong",
    [
        Grid((2, 4, 5), (0.7, 1.1, 3.3), (-61.4, 13.0, 1 / 3), LPS),
        Grid((2, 4, 5), (0.7, 1.1, 3.0), (-61.7, 13.0, 1 / 3), LPS),
    ],
    ids=["between voxels", "other spacing"],
)
def test_a_part_that_is_no_box_of_the_grid_is_refused(wrong):
    part = sitk.Image(list(wrong.size_xyz), sitk.sitkUInt8)
    part.SetSpacing(wrong.spacing_mm)
    part.SetOrigin(wrong.origin_mm)
    with pytest.raises(ValueError, match="a part must lie on the grid's lattice and overlap it, but it has"):
        put_back(part, grid_of(LPS))


def test_a_box_is_in_the_world_not_in_voxels():
    grid = Grid((10, 10, 10), (1.0, 2.0, 3.0), (100.0, 0.0, -50.0), LPS)
    mask = np.zeros(grid.shape_zyx, dtype=bool)
    mask[1:3, 2:5, 4:8] = True  # z 1..2, y 2..4, x 4..7
    box = BoxMm.of(mask, grid)
    assert box.low_mm == (104.0, 4.0, -47.0)
    assert box.high_mm == (107.0, 8.0, -44.0)
    assert (box.mask_on(grid) == mask).all()


def test_a_box_is_found_on_a_grid_that_is_turned():
    turned = Grid((20, 20, 20), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0, -1, 0, 1, 0, 0, 0, 0, 1))  # x runs along y
    box = BoxMm((-5.0, 2.0, 3.0), (-4.0, 4.0, 3.0))  # index (y, -x, z): x index 2..4, y index 4..5, z index 3
    expected = np.zeros(turned.shape_zyx, dtype=bool)
    expected[3, 4:6, 2:5] = True
    assert (box.mask_on(turned) == expected).all()


def test_a_box_of_slices_cuts_the_same_voxels():
    slices = (slice(2, 7), slice(1, 5), slice(3, 5))
    assert Box.of_slices(slices) == BOX
    assert BOX.slices == slices
    assert BOX.last_xyz == (4, 4, 6)


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_what_of_a_part_lies_beyond_the_image_is_left_away(direction):
    grid = grid_of(direction)
    box = Box((-2, 3, -1), (5, 9, 12))
    numbers = np.arange(1, 5 * 9 * 12 + 1, dtype=np.uint16).reshape(12, 9, 5)
    inside = put_back(image_of(numbers, box.grid_in(grid)), grid)
    assert Grid.of(inside) == grid
    expected = np.zeros(grid.shape_zyx, np.uint16)
    expected[:, 3:, :3] = numbers[1:9, :4, 2:]
    np.testing.assert_array_equal(array_of(inside), expected)


def test_a_part_wholly_beyond_the_image_is_refused():
    grid = grid_of(LPS)
    beyond = Box((99, 0, 0), (2, 4, 5))
    with pytest.raises(ValueError, match="must lie on the grid's lattice and overlap it"):
        put_back(image_of(np.ones((5, 4, 2), np.uint8), beyond.grid_in(grid)), grid)
    with pytest.raises(ValueError, match="a box must overlap the grid"):
        beyond.inside(grid)
