import numpy as np
import pytest
from matplotlib.path import Path

from hnseg.dicom.contours.filling import filled
from hnseg.errors import HeaderError


def whole(polygon, shape):
    pixels = filled(np.array(polygon, float), shape)
    masks = np.zeros((2, *shape), bool)
    masks[:, pixels.rows, pixels.columns] = pixels.inside, pixels.on
    return masks


def test_pixels_of_random_polygons_are_those_that_matplotlib_finds():
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:20, :30]
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    for _ in range(30):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
        radii = rng.uniform(2, 14, (12, 1))
        polygon = np.array([14.3, 9.6]) + radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        inside, on = whole(polygon, (20, 30))
        expected = Path(polygon).contains_points(centres).reshape(20, 30)
        np.testing.assert_array_equal(inside[~on], expected[~on])
        assert on.sum() < 3


def test_pixels_on_every_side_of_a_contour_are_on_it():
    inside, on = whole([(2, 1), (5, 1), (7, 3), (5, 5), (2, 5)], (8, 10))
    assert [(int(x), int(y)) for y, x in np.argwhere(on)] == [
        *((2, 1), (3, 1), (4, 1), (5, 1), (2, 2), (6, 2), (2, 3), (7, 3), (2, 4), (6, 4)),
        *((2, 5), (3, 5), (4, 5), (5, 5)),
    ]
    assert inside.sum() == 3 + 4 + 3


@pytest.mark.parametrize(("polygon", "count"), [([(3, 2)], 1), ([(3, 2), (6, 2)], 4), ([(3, 2), (6, 5)], 4)], ids=str)
def test_a_point_and_a_line_have_the_pixels_that_they_go_through(polygon, count):
    inside, on = whole(polygon, (8, 8))
    assert (inside.sum(), on.sum()) == (0, count)


def test_coordinates_that_writers_have_rounded_are_still_on_a_pixel():
    _, on = whole([(2.0004, 1.9996), (5.0, 2.0003), (4.9997, 4.0)], (8, 8))
    assert on[2, 2:6].all()


def test_what_lies_outside_the_plane_is_cut_off():
    inside, on = whole([(-5.5, -5.5), (2.5, -5.5), (2.5, 1.5), (-5.5, 1.5)], (6, 6))
    assert not on.any()
    np.testing.assert_array_equal(np.argwhere(inside), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
    assert not whole([(-9, -9), (-5, -9), (-5, -5)], (6, 6)).any()
    assert not whole([(1e5, 1e5), (2e5, 1e5), (2e5, 2e5)], (6, 6)).any()


def test_more_crossings_than_any_outline_has_are_refused():
    zigzag = np.stack([np.arange(2000) % 30, np.arange(2000) % 2 * 99.0], axis=1)
    with pytest.raises(HeaderError, match=r"a contour crosses [0-9]+ rows, more than any outline of pixels"):
        filled(zigzag, (100, 30))
