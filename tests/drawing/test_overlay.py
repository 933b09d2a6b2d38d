import io
from typing import NamedTuple

import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.image import imread

from hnseg.drawing.crop import CropRecord
from hnseg.drawing.overlay import draw_case


class Drawn(NamedTuple):
    """A picture (row, column, colour), and the labels it shows."""

    pixels: np.ndarray
    labels: tuple[int, ...]


def picture(found, wanted=None, labels=None):
    scan = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 10, found.shape).astype(np.float32))
    reference = None if wanted is None else sitk.GetImageFromArray(wanted)
    drawn = draw_case(scan, sitk.GetImageFromArray(found), reference, labels or {1: "GTVp", 2: "GTVn"})
    pixels = imread(io.BytesIO(drawn.png))[..., :3] * 255
    return Drawn(pixels.round().astype(int), drawn.labels)


def coloured(pixels):
    """The pixels in which red and blue differ clearly: drawn over the grey scan."""
    return np.abs(pixels[..., 0] - pixels[..., 2]) > 60


def test_a_picture_shows_contours_in_the_labels_colours():
    found = np.zeros((5, 40, 50), np.uint8)
    assert not coloured(picture(found).pixels).any()
    found[2, 10:20, 10:20] = 1
    orange = picture(found).pixels
    assert (orange[..., 0] - orange[..., 2])[coloured(orange)].min() > 0
    blue = picture(found * 2).pixels
    assert (blue[..., 0] - blue[..., 2])[coloured(blue)].max() < 0


def test_a_picture_fills_the_reference():
    found = np.zeros((5, 40, 50), np.uint8)
    found[2, 10:20, 10:20] = 1
    assert coloured(picture(found, found).pixels).sum() > 3 * coloured(picture(found).pixels).sum()


def test_a_picture_of_one_slice_or_nothing_is_drawn():
    assert picture(np.zeros((1, 8, 8), np.uint8)).labels == ()
    assert picture(np.ones((2, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8)).labels == (1,)


def test_slices_are_chosen_so_that_most_structures_are_shown():
    labels = {label: f"organ {label}" for label in range(1, 13)}
    found = np.zeros((60, 20, 20), np.uint8)
    for label in labels:  # in pairs along the patient, but the first and the last, which are smaller, alone
        found[label // 2 * 8, 2 + label % 2 * 8 :][: 3 - (label == 1), 4:7] = label
    assert picture(found, labels=labels).labels == tuple(range(2, 13))


def test_where_output_and_reference_differ_most_is_among_the_slices():
    found, wanted = np.zeros((2, 40, 20, 20), np.uint8)
    found[5, 2:9, 2:9] = wanted[5, 2:9, 2:9] = 1
    wanted[20, 2:7, 2:7] = 2
    assert picture(found, wanted).labels == (1, 2)
    assert picture(found).labels == (1,)


def test_where_nothing_differs_only_slices_with_structures_are_shown():
    found = np.zeros((40, 20, 20), np.uint8)
    for z in (20, 25, 30):
        found[z, 2:9, 2:9] = 1
    panels = np.array_split(picture(found, found.copy()).pixels, 3, axis=1)
    assert all(coloured(panel).any() for panel in panels)


def drawn_with(crop, *, shape_zyx=(40, 60, 60), empty=False):
    """Draw a black scan with one small structure, and return the pixels' brightness and the picture."""
    found = np.zeros(shape_zyx, np.uint8)
    if not empty:
        found[30, 28:32, 28:32] = 1
    scan, label_map = (sitk.GetImageFromArray(array) for array in (found.astype(np.float32) * 0, found))
    picture = draw_case(scan, label_map, None, {1: "GTVp"}, crop=crop)
    return imread(io.BytesIO(picture.png))[..., :3].min(axis=2), picture


def dashes(panel):
    """Count the white pixels below a panel's title."""
    return int((panel[panel.shape[0] // 12 :] > 0.6).sum())


def test_a_crop_is_a_dashed_box_in_the_slices_and_in_a_coronal_one():
    plain, picture = drawn_with(None)
    assert picture.crop is None
    assert dashes(plain) == 0
    crop = CropRecord(index_xyz=(10, 10, 20), size_xyz=(40, 40, 20))
    pixels, picture = drawn_with(crop)
    assert picture.crop == crop
    assert pixels.shape[1] == pytest.approx(plain.shape[1] / 3 * 4, abs=2)
    panels = np.array_split(pixels, 4, axis=1)
    assert all(dashes(panel) > 100 for panel in panels)
    rows = np.flatnonzero((panels[3][30:] > 0.6).any(axis=1))
    assert rows.max() < 0.8 * panels[3].shape[0] / 2 + 30  # the upper half of the scan is drawn above


def test_a_slice_outside_the_box_has_none():
    pixels, _ = drawn_with(CropRecord(index_xyz=(10, 10, 0), size_xyz=(40, 40, 10)))
    assert [dashes(panel) > 0 for panel in np.array_split(pixels, 4, axis=1)] == [False, False, False, True]


def test_a_crop_of_a_scan_with_nothing_segmented_is_drawn_with():
    pixels, picture = drawn_with(CropRecord(index_xyz=(10, 10, 0), size_xyz=(40, 40, 40)), empty=True)
    assert picture.labels == ()
    assert [dashes(panel) > 100 for panel in np.array_split(pixels, 2, axis=1)] == [True, True]
