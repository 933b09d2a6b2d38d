"""Points of origin: hand-made recurrences whose origins are known."""

import numpy as np
import pytest
from scipy import ndimage

from hnseg.evaluation.measures.origins import origins_of

MM = (2.0, 1.0, 1.0)


def of(reference, **rules):
    return origins_of(reference, spacing_zyx_mm=MM, **rules)


@pytest.fixture
def reference():
    return np.zeros((12, 20, 24), np.uint8)


def test_a_cube_has_one_centre_and_that_is_its_core(reference):
    reference[2:7, 3:8, 4:9] = 1  # 5 x 5 x 5 voxels: the second erosion leaves the middle one, the third nothing
    (origin,) = of(reference)
    assert origin.centre_zyx == (4, 5, 6)
    assert origin.core_zyx.tolist() == [[4, 5, 6]]


def test_a_core_has_every_voxel_that_the_last_erosion_leaves(reference):
    reference[2:5, 3:6, 4:12] = 1  # 3 x 3 x 8 voxels: one erosion leaves a row of six
    (origin,) = of(reference)
    assert origin.core_zyx.tolist() == [[3, 4, x] for x in range(5, 11)]


def test_the_centre_of_a_ring_is_its_nearest_voxel(reference):
    y, x = np.ogrid[:20, :24]
    radius = np.hypot(y - 9, x - 11)
    reference[5] = (radius >= 5) & (radius < 8)
    reference[5, 9, 4] = 0  # so that the centre of mass is a little to the right of the middle
    (origin,) = of(reference)
    assert not reference[5, 9, 11]
    assert reference[origin.centre_zyx]
    assert origin.centre_zyx == (5, 9, 16)


def test_nearest_is_meant_in_mm_and_not_in_voxels(reference):
    # A frame whose bars are 3 voxels (6 mm) above and below its middle, and 4 voxels (4 mm) beside it.
    reference[2:9, 5, 5:14] = 1
    reference[3:8, 5, 6:13] = 0
    (origin,) = of(reference)
    assert origin.centre_zyx in {(5, 5, 5), (5, 5, 13)}


def test_a_piece_that_erosion_removes_keeps_its_centre_as_its_core(reference):
    reference[4:6, 5:12, 6:13] = 1  # two slices
    (origin,) = of(reference)
    assert origin.core_zyx.tolist() == [list(origin.centre_zyx)]
    (as_code,) = of(reference, core="as-code")
    assert not len(as_code.core_zyx)
    assert as_code.core_value(np.ones(reference.shape)) == -np.inf


def test_the_published_program_erodes_once(reference):
    reference[2:9, 3:10, 4:11] = 1
    (origin,) = of(reference, core="as-code")
    wanted = np.argwhere(ndimage.binary_erosion(reference, np.ones((3, 3, 3))))
    assert origin.core_zyx.tolist() == wanted.tolist()
    assert len(wanted) == 125


def test_pieces_touch_by_corners_and_labels_are_apart(reference):
    reference[2, 2, 2] = reference[3, 3, 3] = 1  # one piece, by a corner
    reference[3, 3, 4] = 2  # touches it, and is another recurrence
    reference[8, 8, 8] = 2
    assert [origin.centre_zyx for origin in of(reference)] == [(2, 2, 2), (3, 3, 4), (8, 8, 8)]


def test_a_piece_at_the_border_erodes_as_beside_background(reference):
    reference[0:3, 0:3, 0:3] = 1
    (origin,) = of(reference)
    assert origin.core_zyx.tolist() == [[1, 1, 1]]


def test_values_are_those_at_the_centre_and_the_largest_in_the_core(reference):
    reference[2:5, 3:6, 4:12] = 1
    image = np.zeros(reference.shape, np.float32)
    image[3, 4, 9] = 0.75
    (origin,) = of(reference)
    assert origin.centre_zyx == (3, 4, 8)  # 7.5, rounded to the even neighbour
    assert origin.centre_value(image) == 0
    assert origin.core_value(image) == 0.75


def test_an_empty_reference_has_no_origin(reference):
    assert of(reference) == []
