import io

import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.image import imread

from hnseg.imaging.box import Box
from hnseg.rehearsal.report.crop import CropRecord, crop_in
from hnseg.rehearsal.report.overlay import draw_case

RECORD = {"index_xyz": [5, 6, 2], "size_xyz": [20, 10, 4], "why": "head and neck"}
LABELS = {1: "GTVp"}


def test_the_record_is_read():
    crop = crop_in({"crop": RECORD, "notes": []})
    assert (crop.index_xyz, crop.size_xyz, crop.why) == ((5, 6, 2), (20, 10, 4), "head and neck")


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        {},
        {"crop": None},
        {"crop": "head_neck"},
        {"crop": RECORD | {"index_xyz": [5, 6]}},
        {"crop": RECORD | {"index_xyz": [-1, 6, 2]}},
        {"crop": RECORD | {"size_xyz": [20, 0, 4]}},
        {"crop": RECORD | {"size_xyz": [20.5, 10, 4]}},
        {"crop": RECORD | {"why": ["x"]}},
    ],
    ids=str,
)
def test_something_else_of_that_name_is_passed_over(provenance):
    assert crop_in(provenance) is None


@pytest.mark.parametrize(("size_xyz", "lies_in"), [((25, 16, 6), True), ((24, 16, 6), False), ((25, 16, 5), False)])
def test_a_box_lies_inside_up_to_the_last_voxel(size_xyz, lies_in):
    assert CropRecord.model_validate(RECORD).lies_in(sitk.Image(size_xyz, sitk.sitkUInt8)) is lies_in


def test_a_box_is_the_same_voxels_when_the_axes_are_turned():
    scan = sitk.Image((30, 20, 8), sitk.sitkUInt8)  # LPS
    scan.SetSpacing((0.9, 1.1, 3.3))
    turned = sitk.DICOMOrient(scan, "SPR")  # first z, then y, then x from the other side
    assert turned.GetSize() == (8, 20, 30)
    box = CropRecord.model_validate(RECORD).box_in(turned, scan)
    assert box == Box((2, 6, 30 - 25), (4, 10, 20))


def drawn(crop, *, shape_zyx=(40, 60, 60), empty=False):
    """Draw a black scan with one small structure, and return the pixels' brightness and the picture."""
    found = np.zeros(shape_zyx, np.uint8)
    if not empty:
        found[30, 28:32, 28:32] = 1
    scan, label_map = (sitk.GetImageFromArray(array) for array in (found.astype(np.float32) * 0, found))
    picture = draw_case(scan, label_map, None, LABELS, crop=crop)
    return imread(io.BytesIO(picture.png))[..., :3].min(axis=2), picture


def dashes(panel):
    """Count the white pixels below a panel's title."""
    return int((panel[panel.shape[0] // 12 :] > 0.6).sum())


def test_a_crop_is_a_dashed_box_in_the_slices_and_in_a_coronal_one():
    plain, picture = drawn(None)
    assert picture.crop is None
    assert dashes(plain) == 0
    crop = CropRecord(index_xyz=(10, 10, 20), size_xyz=(40, 40, 20))
    pixels, picture = drawn(crop)
    assert picture.crop == crop
    assert pixels.shape[1] == pytest.approx(plain.shape[1] / 3 * 4, abs=2)
    panels = np.array_split(pixels, 4, axis=1)
    assert all(dashes(panel) > 100 for panel in panels)
    rows = np.flatnonzero((panels[3][30:] > 0.6).any(axis=1))
    assert rows.max() < 0.8 * panels[3].shape[0] / 2 + 30  # the upper half of the scan is drawn above


def test_a_slice_outside_the_box_has_none():
    pixels, _ = drawn(CropRecord(index_xyz=(10, 10, 0), size_xyz=(40, 40, 10)))
    assert [dashes(panel) > 0 for panel in np.array_split(pixels, 4, axis=1)] == [False, False, False, True]


def test_a_crop_of_a_scan_with_nothing_segmented_is_drawn():
    pixels, picture = drawn(CropRecord(index_xyz=(10, 10, 0), size_xyz=(40, 40, 40)), empty=True)
    assert picture.labels == ()
    assert [dashes(panel) > 100 for panel in np.array_split(pixels, 2, axis=1)] == [True, True]
