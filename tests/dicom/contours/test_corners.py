import numpy as np

from hnseg.dicom.contours.corners import corners_of


def test_an_empty_mask_has_no_corners():
    assert len(corners_of(np.zeros((3, 4), bool)).x) == 0


def test_a_rectangle_is_walked_with_the_mask_on_the_right_hand():
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True
    corners = corners_of(mask)
    number = np.flatnonzero((corners.x == 2) & (corners.y == 1))[0]
    walked = []
    for _ in range(4):
        walked.append((int(corners.x[number]), int(corners.y[number])))
        number = corners.following[number]
    assert walked == [(2, 1), (5, 1), (5, 3), (2, 3)]


def test_inwards_is_towards_the_mask_at_corners_of_a_hole_too():
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    corners = corners_of(mask)
    inward = {
        (int(x), int(y)): (int(dx), int(dy))
        for x, y, dx, dy in zip(corners.x, corners.y, corners.inward_x, corners.inward_y, strict=True)
    }
    assert inward[0, 0] == (1, 1)
    assert inward[1, 1] == (-1, -1)
    assert inward[2, 2] == (1, 1)


def test_where_pixels_touch_at_a_corner_there_are_two_corners_that_part():
    corners = corners_of(np.eye(2, dtype=bool))
    at_the_touch = (corners.x == 1) & (corners.y == 1)
    assert at_the_touch.sum() == 2
    assert sorted(corners.inward_x[at_the_touch].tolist()) == [-1, 1]
    assert sorted(corners.inward_y[at_the_touch].tolist()) == [-1, 1]
