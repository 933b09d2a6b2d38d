import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.structures import measure_structures
from tests.support.figure import LPS

GRID = Grid((40, 30, 20), (2.0, 2.0, 5.0), (-40.0, -30.0, 0.0), LPS)
LABELS = {1: "GTVp", 2: "GTVn", 7: "Brainstem"}


def label_map(dtype=np.uint8):
    array = np.zeros(GRID.shape_zyx, dtype)
    array[2:4, 5:10, 10:15] = 1
    array[4, 10, 15] = 1  # touches by a corner
    array[10:12, 0:4, 20:24] = 2  # at the first row
    array[15, 20, 20:28] = 2
    array[0, 0, 0] = 9  # no label
    return image_of(array, GRID)


def test_volume_pieces_and_border_of_each_structure():
    found = measure_structures(label_map(), LABELS)
    assert list(found) == ["GTVp", "GTVn", "Brainstem"]
    assert found["GTVp"].volume_ml == pytest.approx(51 * 20 / 1000)
    assert (found["GTVp"].components, found["GTVp"].largest_part, found["GTVp"].touches_border) == (1, 1.0, False)
    assert found["GTVn"].volume_ml == pytest.approx(40 * 20 / 1000)
    assert (found["GTVn"].components, found["GTVn"].largest_part, found["GTVn"].touches_border) == (2, 0.8, True)


def test_an_empty_structure_has_no_pieces_and_no_position():
    body = image_of(np.full(GRID.shape_zyx, 40, np.int16), GRID)
    empty = measure_structures(label_map(), LABELS, scan=body)["Brainstem"]
    assert (empty.volume_ml, empty.components, empty.largest_part, empty.touches_border) == (0, 0, 0, False)
    assert empty.position_mm is None


def test_any_scalar_type_gives_the_same_measures():
    assert measure_structures(label_map(np.float32), LABELS) == measure_structures(label_map(), LABELS)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("plane", [0, -1])
def test_every_face_of_the_image_is_border(axis, plane):
    array = np.zeros(GRID.shape_zyx, np.uint8)
    array[10, 10, 10] = 1
    np.moveaxis(array, axis, 0)[plane, 10, 10] = 1
    assert measure_structures(image_of(array, GRID), {1: "A"})["A"].touches_border


def block(grid):
    """Return a CT of a block of tissue between world points (-20, -14, 0) and (20, 18, 60), LPS."""
    image = sitk.Image(grid.size_xyz, sitk.sitkInt16) - 1000
    first, last = grid.index_xyz(np.array([[-20.0, -14.0, 0.0], [20.0, 18.0, 60.0]])).round().astype(int)
    array = sitk.GetArrayFromImage(image)
    array[first[2] : last[2] + 1, first[1] : last[1] + 1, first[0] : last[0] + 1] = 40
    return image_of(array, grid)


def test_the_position_is_that_of_the_centroid_in_the_body():
    array = np.zeros(GRID.shape_zyx, np.uint8)
    array[4:7, 14:17, 24:27] = 1  # its centroid is (10, 0, 25)
    found = measure_structures(image_of(array, GRID), {1: "A"}, scan=block(GRID))["A"].position_mm
    assert found == pytest.approx((10.0, -2.0, 60.0 - 25.0), abs=6.0)  # coarse


def test_the_share_outside_the_body_is_that_of_voxels_farther_than_12_mm():
    array = np.zeros(GRID.shape_zyx, np.uint8)
    array[4:7, 14:17, 24:27] = 1  # inside
    array[4:7, 0:2, 10:30] = 2  # the block begins 16 to 14 mm behind, and is known to within a coarse voxel
    array[4:7, 0, 0:1] = 3  # 40 mm to its side
    array[4:7, 15, 35:40] = 4  # 10 to 18 mm to its other side
    found = measure_structures(image_of(array, GRID), {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}, scan=block(GRID))
    assert (found["A"].outside, found["C"].outside, found["E"].outside) == (0.0, 1.0, None)
    assert 0.2 <= found["D"].outside <= 0.8
    assert measure_structures(image_of(array, GRID), {1: "A"})["A"].outside is None


def test_of_many_voxels_evenly_drawn_ones_give_the_share():
    array = np.ones(GRID.shape_zyx, np.uint8)
    few = image_of(array[:, ::3, ::3], Grid((14, 10, 20), (6.0, 6.0, 5.0), GRID.origin_mm, LPS))
    all_of_it, some = (
        measure_structures(each, {1: "A"}, scan=block(GRID))["A"].outside for each in (image_of(array, GRID), few)
    )
    assert 0 < some < 1
    assert all_of_it == pytest.approx(some, abs=0.05)


def test_the_order_and_direction_of_the_axes_are_no_matter():
    array = np.zeros(GRID.shape_zyx, np.uint8)
    array[4:7, 14:17, 24:27] = 1
    images = image_of(array, GRID), block(GRID)
    turned, scan = (sitk.Flip(sitk.PermuteAxes(image, (2, 0, 1)), (True, False, True)) for image in images)
    straight = measure_structures(images[0], {1: "A"}, scan=images[1])["A"]
    assert turned.GetDirection() != images[0].GetDirection()
    assert measure_structures(turned, {1: "A"}, scan=scan)["A"].position_mm == pytest.approx(
        straight.position_mm, abs=6.0
    )


def test_the_scan_may_have_a_grid_of_its_own():
    array = np.zeros(GRID.shape_zyx, np.uint8)
    array[4:7, 14:17, 24:27] = 1
    fine = Grid((160, 120, 100), (0.5, 0.5, 1.0), (-40.0, -30.0, 0.0), LPS)
    on_coarse, on_fine = (
        measure_structures(image_of(array, GRID), {1: "A"}, scan=block(grid))["A"].position_mm for grid in (GRID, fine)
    )
    assert on_fine == pytest.approx(on_coarse, abs=6.0)
