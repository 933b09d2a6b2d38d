import numpy as np
import pytest

from hnseg.dicom.contours.combination import mask_of
from hnseg.dicom.contours.outlines import outlines_of

SHAPE = (12, 14)


def square(first, last):
    return np.array([(first, first), (last, first), (last, last), (first, last)], float)


def test_random_masks_come_back_from_their_outlines():
    rng = np.random.default_rng(1)
    for _ in range(200):
        mask = rng.random(rng.integers(1, 14, 2)) < rng.random()
        found = mask_of(outlines_of(mask), mask.shape)
        np.testing.assert_array_equal(found.mask, mask)
        assert found.crossing == 0


def test_no_contour_is_an_empty_mask():
    assert not mask_of([], SHAPE).mask.any()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_contour_inside_another_is_a_hole_and_one_inside_that_an_island(order):
    contours = [square(0.5, 10.5), square(2.5, 8.5), square(4.5, 6.5)]
    expected = np.zeros(SHAPE, bool)
    expected[1:11, 1:11] = True
    expected[3:9, 3:9] = False
    expected[5:7, 5:7] = True
    np.testing.assert_array_equal(mask_of([contours[place] for place in order], SHAPE).mask, expected)


def test_contours_through_pixels_enclose_these_on_either_side():
    expected = np.zeros(SHAPE, bool)
    expected[1:11, 1:11] = True
    expected[4:8, 4:8] = False
    np.testing.assert_array_equal(mask_of([square(1, 10), square(3, 8)], SHAPE).mask, expected)


def test_a_contour_that_is_there_twice_counts_once():
    assert mask_of([square(0.5, 4.5)] * 2, SHAPE).mask.sum() == 16


def test_contours_that_cross_are_taken_together_and_counted():
    found = mask_of([square(0.5, 5.5), square(3.5, 8.5)], SHAPE)
    assert (found.mask.sum(), found.crossing) == (25 + 25 - 4, 1)


def test_crossing_contours_of_a_writer_of_exclusive_or_leave_out_what_they_share():
    found = mask_of([square(0.5, 5.5), square(3.5, 8.5)], SHAPE, exclusive=True)
    assert (found.mask.sum(), found.crossing) == (25 + 25 - 8, 0)
