"""Picture of a case to grade: three planes for each structure and image, through where most of it is."""

import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.colours import colours_of
from hnseg.drawing.overlay import SIDE
from hnseg.robustness.grading.sheet.picture import draw_sheet_picture

LABELS = {1: "GTVp", 2: "GTVn"}


def case(*, box=(slice(8, 14), slice(20, 30), slice(40, 50))):
    scan = np.random.default_rng(0).normal(100, 10, (20, 60, 80))
    labels = np.zeros(scan.shape, np.uint8)
    labels[box] = 1
    images = [sitk.GetImageFromArray(each) for each in (scan, labels)]
    for image in images:
        image.SetSpacing((1.0, 1.0, 3.0))
    return images


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_row_for_each_structure_and_image():
    scan, label_map = case()
    one, two = (pixels_of(draw_sheet_picture(images, label_map, LABELS)) for images in ([scan], [scan, scan]))
    assert one.shape[1] == two.shape[1] > 3 * SIDE
    assert (one.shape[0] // SIDE, two.shape[0] // SIDE) == (2, 4)


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_the_outline_is_in_every_plane(plane):
    scan, label_map = case()
    row = pixels_of(draw_sheet_picture([scan], label_map, {1: "GTVp"}))
    third = row[:, plane * row.shape[1] // 3 : (plane + 1) * row.shape[1] // 3]
    colour = [int(colours_of({1: "GTVp"})[1][at : at + 2], 16) for at in (1, 3, 5)]
    assert (np.abs(third - colour).max(axis=-1) < 3).sum() > 50


def test_a_structure_that_is_not_there_has_its_row_all_the_same():
    scan, label_map = case(box=(slice(0), slice(0), slice(0)))
    assert pixels_of(draw_sheet_picture([scan], label_map, LABELS)).shape[0] // SIDE == 2
