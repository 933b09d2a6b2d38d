import io
from typing import NamedTuple

import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.image import imread

from hnseg.drawing.crop import CropRecord
from hnseg.drawing.overlay import draw_case
from hnseg.drawing.pet_layer import pet_layer_of
from hnseg.imaging.geometry import Grid


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
    panels = np.array_split(picture(found, found.copy()).pixels[:352], 3, axis=1)
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


def rows_of(pixels):
    """Cut a picture into its rows of panels."""
    return np.array_split(pixels, round(pixels.shape[0] / 352), axis=0)


def test_a_crop_is_a_dashed_box_in_three_planes():
    plain, picture = drawn_with(None)
    assert picture.crop is None
    assert [dashes(row) for row in rows_of(plain)] == [0, 0]
    crop = CropRecord(index_xyz=(10, 10, 20), size_xyz=(40, 40, 20))
    pixels, picture = drawn_with(crop)
    assert picture.crop == crop
    slices, planes = rows_of(pixels)
    assert dashes(slices) == 0
    panels = np.array_split(planes, 3, axis=1)
    assert all(dashes(panel) > 100 for panel in panels)
    lit = np.flatnonzero((panels[1][30:] > 0.6).any(axis=1))
    assert lit.max() < 0.8 * panels[1].shape[0] / 2 + 60  # the upper half of the scan is drawn above


def test_an_axial_plane_outside_the_box_has_none():
    pixels, _ = drawn_with(CropRecord(index_xyz=(10, 10, 0), size_xyz=(40, 40, 10)))
    panels = np.array_split(rows_of(pixels)[1], 3, axis=1)
    assert [dashes(panel) > 0 for panel in panels] == [False, True, True]


def test_a_crop_of_a_scan_with_nothing_segmented_is_drawn_with():
    pixels, picture = drawn_with(CropRecord(index_xyz=(10, 10, 5), size_xyz=(40, 40, 30)), empty=True)
    assert picture.labels == ()
    assert [dashes(panel) > 100 for panel in np.array_split(rows_of(pixels)[1], 3, axis=1)] == [True, True, True]


def test_a_crop_larger_than_the_body_is_not_in_the_legend():
    assert drawn_with(CropRecord(index_xyz=(0, 0, 0), size_xyz=(60, 60, 40)))[1].crop is not None  # at the border
    scan, label_map, _ = on_a_couch()
    crop = CropRecord(index_xyz=(0, 0, 0), size_xyz=(80, 80, 30))
    assert draw_case(scan, label_map, None, {1: "GTVp"}, crop=crop).crop is None


def on_a_couch():
    """A CT with a body of 160 by 160 mm above a couch, a GTVp in it, and a PET of 1 to 3 SUV with 8 in the GTVp."""
    hu, labels = np.full((30, 80, 80), -1000, np.int16), np.zeros((30, 80, 80), np.uint8)
    hu[3:27, 10:50, 20:60] = 40
    hu[:, 60:62] = 300  # the couch's shell
    hu[:, 68:70] = 300
    labels[12:18, 25:32, 35:42] = 1
    pet = np.where(hu == 40, np.random.default_rng(0).uniform(1, 3, hu.shape), 0.0).astype(np.float32)
    pet[labels == 1] = 8.0
    images = [sitk.GetImageFromArray(array) for array in (hu, labels, pet)]
    for image in images:
        image.SetSpacing((4.0, 4.0, 4.0))
    return images


def test_the_planes_are_cropped_to_the_body():
    scan, label_map, _ = on_a_couch()
    pixels = imread(io.BytesIO(draw_case(scan, label_map, None, {1: "GTVp"}).png))[..., :3]
    axial, _, sagittal = np.array_split(rows_of(pixels)[1][24:], 3, axis=1)
    for panel in (axial, sagittal):  # soft tissue is grey, the couch would be white
        assert (panel.min(axis=2) > 0.9).sum() == 0
    grey = np.flatnonzero((axial[..., 0] > 0.3).any(axis=0))
    assert np.ptp(grey) > 0.8 * 328  # the body fills the panel


def test_the_pet_is_laid_over_the_ct_with_a_bar_of_its_numbers():
    scan, label_map, pet = on_a_couch()
    layer = pet_layer_of(pet, scan, Grid.of(scan))
    without, fused = (draw_case(scan, label_map, None, {1: "GTVp"}, pet=given) for given in (None, layer))
    assert without.pet_scale is None
    assert fused.pet_scale.ticks == (0.0, 2.5, 5.0, 7.5, 10.0)
    before, after = (imread(io.BytesIO(picture.png))[..., :3] for picture in (without, fused))
    assert after.shape[0] - before.shape[0] == pytest.approx(352, abs=3)  # one more row
    assert after.shape[1] - before.shape[1] == 104
    hot = (after[..., 0] - after[..., 2] > 0.6) & (after[..., 1] < 0.7)
    assert [bool(hot[:, :996][part].sum() > 3000) for part in (np.s_[:352], np.s_[355:707], np.s_[710:])] == [
        False,
        True,
        True,
    ]
    bar = after[355:707, 1000:]
    assert bar[40, 16].sum() > 2  # light above, dark below
    assert bar[320, 16].sum() < 0.3
