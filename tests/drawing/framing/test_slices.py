import numpy as np
import pytest

from hnseg.drawing.framing.slices import Frame, choose_slices, frame_around
from hnseg.imaging.box import Box

NOTHING = np.zeros((0, 20, 20), np.uint8)


def volume(**squares):
    """Forty slices with a square of 7 by 7 voxels of a label in some of them: z5=1."""
    found = np.zeros((40, 20, 20), np.uint8)
    for name, label in squares.items():
        found[int(name[1:]), 2:9, 2:9] = label
    return found


def test_without_labels_the_middle_slice_is_chosen():
    chosen, fullest = choose_slices(volume(), NOTHING, [1, 2])
    assert [(one.z, one.title) for one in chosen] == [(20, "slice 21 of 40: nothing segmented")]
    assert fullest == 20


def test_labels_that_are_not_drawn_do_not_count():
    assert choose_slices(volume(z5=3), NOTHING, [1, 2])[1] == 20


def test_the_largest_difference_is_told():
    chosen, fullest = choose_slices(volume(z5=1), volume(z5=1, z30=2), [1, 2])
    assert (30, "slice 31 of 40: largest difference") in [(one.z, one.title) for one in chosen]
    assert fullest in {5, 30}


@pytest.mark.parametrize(("labels", "count"), [(range(1, 8), 3), (range(1, 9), 6)])
def test_more_slices_are_chosen_where_there_are_many_labels(labels, count):
    assert len(choose_slices(volume(z5=1, z30=2), NOTHING, labels)[0]) == count


def body(first_xy, last_xy):
    """The box of a body from one column and row to others, on 4 slices."""
    (x, y), (to_x, to_y) = first_xy, last_xy
    return Box((x, y, 0), (to_x - x + 1, to_y - y + 1, 4))


WHOLE = body((0, 0), (299, 199))


def test_the_frame_is_square_around_what_is_segmented():
    shown = np.zeros((200, 300), bool)
    shown[90:110, 140:160] = True
    assert frame_around(shown, (1.0, 1.0, 3.0), WHOLE) == Frame(50, 149, 100, 199)  # the least, 100 mm
    shown[90:110, 60:240] = True  # 180 columns, and 20 mm on both sides: more than there are rows
    assert frame_around(shown, (1.0, 1.0, 3.0), WHOLE) == Frame(0, 199, 40, 258)


def test_the_frame_does_not_leave_the_body():
    shown = np.zeros((200, 300), bool)
    shown[90:110, 140:160] = True
    assert frame_around(shown, (1.0, 1.0, 3.0), body((130, 30), (280, 120))) == Frame(30, 120, 130, 229)


def test_without_anything_all_of_the_body_is_shown():
    assert frame_around(np.zeros((20, 30), bool), (1.0, 1.0, 3.0), body((3, 4), (20, 15))) == Frame(4, 15, 3, 20)
