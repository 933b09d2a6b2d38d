"""Guard of a refinement, on boxes whose answer is counted by hand."""

import numpy as np
import pytest
from pydantic import ValidationError

from hnseg.refinement.guard import ClickPlace, Guard, allowed

WHOLE = (slice(0, 5), slice(0, 40), slice(0, 40))
PLACE = ClickPlace(index=(2, 10, 10), spacing_mm=(3.0, 1.0, 1.0), ball_mm=(3.0, 3.0, 3.0))


def changed(*boxes):
    mask = np.zeros((5, 40, 40), bool)
    for box in boxes:
        mask[box] = True
    return mask


def test_a_piece_that_touches_the_ball_counts_and_another_does_not():
    own, other = (2, slice(9, 20), 10), (2, slice(8, 12), slice(16, 18))
    kept = allowed(changed(own, other), WHOLE, PLACE, Guard())
    np.testing.assert_array_equal(kept, changed(own))


def test_a_corner_is_enough_to_touch():
    beside_by_corner, beyond = (2, 14, 10), (2, 15, 10)  # the ball's last voxel along y is 13
    assert allowed(changed(beside_by_corner), WHOLE, PLACE, Guard()).sum() == 1
    assert allowed(changed(beyond), WHOLE, PLACE, Guard()).sum() == 0


def test_what_is_farther_than_the_reach_is_held_back_and_leads_nowhere():
    line = (2, slice(10, 40), 10)
    kept = allowed(changed(line), WHOLE, PLACE, Guard(reach_mm=12.0))
    np.testing.assert_array_equal(kept, changed((2, slice(10, 23), 10)))
    around = changed((2, slice(10, 24), 10), (2, 23, slice(10, 18)), (2, slice(18, 24), 17))  # back within reach
    assert not allowed(around, WHOLE, PLACE, Guard(reach_mm=12.0))[2, :, 17].any()


def test_millimetres_are_counted_along_every_axis():
    column = (slice(0, 5), 10, 10)
    kept = allowed(changed(column), WHOLE, PLACE, Guard(reach_mm=4.0))
    np.testing.assert_array_equal(kept[:, 10, 10], [False, True, True, True, False])


def test_the_voxel_of_the_click_is_in_its_ball_however_small_that_is():
    place = ClickPlace((2.4, 10.4, 10.4), (3.0, 1.0, 1.0), (0.1, 0.1, 0.1))
    ball = place.ball(WHOLE)
    assert np.argwhere(ball).tolist() == [[2, 10, 10]]


def test_a_part_of_an_array_is_judged_where_it_lies():
    line = changed((2, slice(9, 30), 10))
    part = (slice(1, 4), slice(5, 40), slice(4, 30))
    np.testing.assert_array_equal(allowed(line[part], part, PLACE, Guard()), line[part])


def test_a_click_outside_the_part_changes_what_it_reaches():
    part = (slice(0, 5), slice(12, 40), slice(0, 40))
    kept = allowed(changed((2, slice(12, 15), 10))[part], part, PLACE, Guard())
    assert kept.sum() == 3
    far = ClickPlace((2, -60, 10), (3.0, 1.0, 1.0), (3.0, 3.0, 3.0))
    assert not allowed(changed((2, slice(12, 15), 10))[part], part, far, Guard()).any()


def test_no_change_stays_none_and_a_reach_is_positive():
    assert not allowed(changed(), WHOLE, PLACE, Guard()).any()
    with pytest.raises(ValidationError, match="greater than 0"):
        Guard(reach_mm=0)
