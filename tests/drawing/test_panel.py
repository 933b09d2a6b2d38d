import numpy as np
import pytest

from hnseg.drawing.panel import Cut, draw_panel, is_rectangle_seen

RED = {1: "#ff0000"}
WINDOW = (0.0, 100.0)


def drawn(scan, *, found=None, wanted=None, spacing_mm=(1.0, 1.0), crop=None, mark=None, side=80):
    """Draw a panel and return its pixels (row, column, colour)."""
    empty = np.zeros(scan.shape, np.uint8)
    cut = Cut(np.asarray(scan, np.float32), empty if found is None else found, wanted, spacing_mm, crop, mark=mark)
    return np.asarray(draw_panel(cut, WINDOW, RED, side=side)).astype(int)


def is_red(pixels):
    return pixels[..., 0] - pixels[..., 1] > 60


def square(value=1):
    area = np.zeros((20, 20), np.uint8)
    area[5:15, 5:15] = value
    return area


def test_the_window_ends_at_black_and_white():
    left_black = np.full((10, 10), 300.0)
    left_black[:, :5] = -50
    pixels = drawn(left_black)
    assert pixels[40, 10].tolist() == [0, 0, 0]
    assert pixels[40, 70].tolist() == [255, 255, 255]


def test_a_slice_keeps_the_patients_proportions():
    lit = drawn(np.full((10, 20), 300.0), spacing_mm=(1.0, 4.0)).max(axis=2) > 0
    assert (lit.any(axis=0).sum(), lit.any(axis=1).sum()) == (40, 80)


def test_an_outline_is_two_pixels_wide_at_the_edge_of_the_area():
    pixels = drawn(np.zeros((20, 20)), found=square())  # four pixels a voxel: the edges at 20 and 60
    assert np.flatnonzero(is_red(pixels)[40]).tolist() == [19, 20, 59, 60]


def test_a_reference_is_filled_so_that_the_scan_is_seen_through():
    pixels = drawn(np.full((20, 20), 100.0), wanted=square())
    assert is_red(pixels).sum() == 40 * 40
    assert pixels[40, 40].tolist() == [255, 140, 140]


@pytest.mark.parametrize("side", [80, 8])
def test_one_voxel_is_drawn_at_any_size(side):
    found = np.zeros((20, 20), np.uint8)
    found[10, 10] = 1
    assert is_red(drawn(np.zeros((20, 20)), found=found, side=side)).any()


def test_other_labels_are_not_drawn():
    assert not is_red(drawn(np.zeros((20, 20)), found=square(2))).any()


@pytest.mark.parametrize("crop", [(5, 5, 10, 10), (0, 0, 20, 20)], ids=["inside", "all"])
def test_a_crop_is_a_dashed_rectangle(crop):
    white = (drawn(np.zeros((20, 20)), crop=crop) == 255).all(axis=2)
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    edges = [max(0, 4 * crop[0]), min(79, 4 * (crop[0] + crop[2]))]
    assert [rows[0], rows[-1]] == [columns[0], columns[-1]] == edges
    assert 0.4 < white[rows[0]][edges[0] : edges[1]].mean() < 0.8


def test_edges_beyond_the_picture_are_left_out():
    white = (drawn(np.zeros((20, 20)), crop=(-5, 5, 30, 30)) == 255).all(axis=2)
    assert np.flatnonzero(white.any(axis=1)).tolist() == [20]  # the upper edge, four pixels a voxel


@pytest.mark.parametrize(
    ("rectangle", "is_seen"),
    [((5, 5, 10, 10), True), ((-5, -5, 30, 30), False), ((-5, 5, 30, 30), True), ((30, 5, 10, 10), False)],
)
def test_a_rectangle_is_seen_where_an_edge_meets_the_picture(rectangle, is_seen):
    assert is_rectangle_seen(rectangle, (20, 20)) is is_seen


def test_dark_rims_set_an_outline_off_from_bright_colours():
    area, heat = square(), np.ones((20, 20))
    cut = Cut(np.zeros((20, 20)), area, None, (1.0, 1.0), heat=heat, has_dark_rims=True)
    row = np.asarray(draw_panel(cut, WINDOW, RED, side=80)).astype(int)[40]
    assert row[[18, 21]].max() == 0
    assert row[19].tolist() == row[20].tolist() == [255, 0, 0]
    assert row[25].min() > 100


def test_a_map_is_opaque_from_its_own_value_on():
    heat = np.full((20, 20), 0.5)
    cuts = [
        Cut(np.full((20, 20), 100.0), square(0), None, (1.0, 1.0), heat=heat, heat_is_full_at=at) for at in (0.5, 5)
    ]
    full, thin = (np.asarray(draw_panel(cut, WINDOW, RED, side=80)).astype(int)[40, 40] for cut in cuts)
    assert full[2] < 120  # inferno's middle, with a seventh of the white below
    assert thin[2] > 230


def test_a_mark_is_a_cross_that_leaves_its_voxel_free():
    white = (drawn(np.zeros((20, 20)), mark=(10, 5)) == 255).all(axis=2)
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    assert abs((rows[0] + rows[-1]) / 2 - 22) <= 1  # the middle of row 5, four pixels a voxel
    assert abs((columns[0] + columns[-1]) / 2 - 42) <= 1
    assert not white[20:24, 40:44].any()


def test_further_outlines_may_overlap_the_first():
    empty = np.zeros((20, 20))
    inner = np.zeros((20, 20), np.uint8)
    inner[8:12, 8:12] = 2
    cut = Cut(empty, square(), None, (1.0, 1.0), further=(inner,))
    pixels = np.asarray(draw_panel(cut, WINDOW, {**RED, 2: "#0000ff"}, side=80)).astype(int)
    assert is_red(pixels)[40, 20]
    assert pixels[40, 32].tolist() == [0, 0, 255]
