import numpy as np
import pytest
from matplotlib.path import Path
from scipy import ndimage

from hnseg.dicom.contours.outlines import INSET, outlines_of


def area(polygon):
    x, y = polygon.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def pixels_by_matplotlib(polygons, shape):
    """Return the union of polygons, each filled by matplotlib, which knows no rule for holes of several contours."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.any([Path(polygon).contains_points(centres).reshape(shape) for polygon in polygons], axis=0)


def test_an_empty_mask_has_no_outline():
    assert outlines_of(np.zeros((4, 4), bool)) == []


def test_a_rectangle_has_four_vertices_a_twentieth_of_a_pixel_inside_its_edges():
    mask = np.zeros((8, 9), bool)
    mask[2:5, 3:7] = True
    (polygon,) = outlines_of(mask)
    assert sorted(map(tuple, polygon.round(9).tolist())) == [(2.55, 1.55), (2.55, 4.45), (6.45, 1.55), (6.45, 4.45)]


def test_a_hole_is_joined_by_two_edges_one_on_the_other():
    mask = np.ones((7, 7), bool)
    mask[2:5, 3:5] = False
    (polygon,) = outlines_of(mask)
    assert len(polygon) == 4 + 4 + 4  # outer, inner, and both ends of the keyhole twice
    edges = list(zip(polygon.tolist(), np.roll(polygon, -1, axis=0).tolist(), strict=True))
    assert len([edge for edge in edges if edge[::-1] in edges]) == 2
    assert area(polygon) == pytest.approx((7 - 2 * INSET) ** 2 - (3 + 2 * INSET) * (2 + 2 * INSET))


def test_pieces_that_touch_at_a_corner_have_an_outline_each():
    assert len(outlines_of(np.eye(5, dtype=bool))) == 5


def test_the_last_vertex_lies_beside_the_first_along_a_row():
    for mask in (np.ones((1, 1), bool), np.eye(3, dtype=bool), np.pad(np.zeros((2, 2), bool), 2, constant_values=True)):
        for polygon in outlines_of(mask):
            assert polygon[0, 1] == polygon[-1, 1]
            assert polygon[0, 0] != polygon[-1, 0]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_the_union_of_all_polygons_is_the_mask_as_matplotlib_fills_them(share):
    rng = np.random.default_rng(round(share * 10))
    for _ in range(40):
        mask = rng.random(rng.integers(2, 16, 2)) < share
        polygons = outlines_of(mask)
        assert len(polygons) == ndimage.label(mask)[1]
        if polygons:
            np.testing.assert_array_equal(pixels_by_matplotlib(polygons, mask.shape), mask)


def test_holes_in_a_row_and_one_above_the_other_are_joined_each_to_the_next():
    mask = np.ones((9, 15), bool)
    mask[1:4:2, 2:14:3] = mask[5:8, 2:14:3] = False
    polygons = outlines_of(mask)
    assert len(polygons) == 1
    np.testing.assert_array_equal(pixels_by_matplotlib(polygons, mask.shape), mask)
