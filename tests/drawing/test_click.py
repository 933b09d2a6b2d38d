"""Picture of a click: before and after, axial and coronal, with a cross at the click."""

import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.click import draw_click
from hnseg.imaging.geometry import Grid, image_of
from hnseg.imaging.prompts.click import Click

PANEL, TITLE, GAP = 328, 24, 3
LPS = (1, 0, 0, 0, 1, 0, 0, 0, 1)
FLIPPED = (-1, 0, 0, 0, -1, 0, 0, 0, 1)
AMBER = (230, 159, 0)


def drawn(direction, *, index_xyz=(20, 30, 10)):
    """Return the four panels of a click on a bright block that it adds, each as an array (row, column, colour)."""
    grid = Grid((60, 60, 40), (1.0, 1.0, 1.5), (0.0, 0.0, 0.0), direction)
    labels = np.zeros(grid.shape_zyx, np.uint8)
    after = labels.copy()
    after[8:13, 26:35, 15:26] = 1
    scan = image_of(np.zeros(grid.shape_zyx, np.float32), grid)
    x, y, z = grid.points_mm(np.array([index_xyz], float))[0].tolist()
    png = draw_click(scan, image_of(labels, grid), image_of(after, grid), {1: "GTVp"}, Click("GTVp", True, (x, y, z)))
    picture = np.asarray(Image.open(io.BytesIO(png)))
    lefts = [GAP + number * (PANEL + GAP) for number in range(4)]
    return [picture[TITLE : TITLE + PANEL, left : left + PANEL] for left in lefts]


def places(panel, colour):
    """Return the fractions (row, column) of a panel that have a colour."""
    return (np.argwhere((panel == colour).all(axis=-1)) + 0.5) / PANEL


@pytest.mark.parametrize("direction", [LPS, FLIPPED])
def test_outlines_are_drawn_after_the_click_and_not_before(direction):
    panels = drawn(direction)
    for before, after in (panels[:2], panels[2:]):
        assert not len(places(before, AMBER))
        outline = places(after, AMBER)
        assert len(outline) > 100
        middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
        cross = places(after, (255, 255, 255)).mean(axis=0)
        np.testing.assert_allclose(cross, middle, atol=0.02)  # the click is in the middle of what it adds


def test_the_cross_is_where_the_click_is():
    axial, _, coronal, _ = drawn(LPS, index_xyz=(12, 45, 4))
    np.testing.assert_allclose(places(axial, (255, 255, 255)).mean(axis=0), (45.5 / 60, 12.5 / 60), atol=0.01)
    across, down = (12.5 / 60, 35.5 / 40)  # the head is above
    np.testing.assert_allclose(places(coronal, (255, 255, 255)).mean(axis=0), (down, across), atol=0.01)


def test_a_large_scan_is_shown_around_the_click_only():
    scan = sitk.Image([300, 300, 4], sitk.sitkFloat32)
    empty = sitk.Image([300, 300, 4], sitk.sitkUInt8)
    png = draw_click(scan, empty, empty, {1: "GTVp"}, Click("GTVp", False, (150.0, 150.0, 1.0)))
    axial = np.asarray(Image.open(io.BytesIO(png)))[TITLE : TITLE + PANEL, GAP : GAP + PANEL]
    np.testing.assert_allclose(places(axial, (255, 255, 255)).mean(axis=0), (0.504, 0.504), atol=0.01)
