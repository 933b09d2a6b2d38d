import pytest
import SimpleITK as sitk

from hnseg.drawing.crop import CropRecord, crop_in

RECORD = {"index_xyz": [5, 6, 2], "size_xyz": [20, 10, 4], "why": "head and neck"}


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
