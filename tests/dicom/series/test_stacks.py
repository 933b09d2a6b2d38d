import pytest

from hnseg.dicom.series.image_file import read_image_file
from hnseg.dicom.series.stacks import stacks_of
from tests.support.dicom_series import AXIAL, GRIDS, headers_of, write_series


def stacks(folder, files):
    for elements in files:
        elements.SeriesInstanceUID, elements.FrameOfReferenceUID = "1.2.3", "1.2.4"
    write_series(folder, files)
    return stacks_of([read_image_file(path) for path in sorted(folder.iterdir())])


def test_a_plain_series_is_one_stack_without_a_note(tmp_path):
    (stack,) = stacks(tmp_path, headers_of(AXIAL))
    assert (len(stack.images), stack.notes) == (9, ())


def test_copies_of_images_are_left_out(tmp_path):
    files = headers_of(AXIAL)
    (stack,) = stacks(tmp_path, [*files, *headers_of(AXIAL)[2:4]])
    assert len(stack.images) == 9
    assert stack.notes == ("2 images left out that are there twice, the same pixel by pixel",)


def test_images_that_contradict_each_other_stay_together(tmp_path):
    other = headers_of(AXIAL)[2:3]
    other[0].PixelData = b"\1" * len(other[0].PixelData)
    (stack,) = stacks(tmp_path, [*headers_of(AXIAL), *other])
    assert (len(stack.images), stack.notes) == (10, ())


@pytest.mark.parametrize(
    "keyword",
    [
        *("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "TriggerTime", "FrameReferenceTime"),
        *("DiffusionBValue", "ImageType"),
    ],
)
def test_acquisitions_in_one_series_are_told_apart(tmp_path, keyword):
    kinds = (["ORIGINAL", "PRIMARY", "W"], ["ORIGINAL", "PRIMARY", "F"])
    values = {"ImageType": kinds, "DiffusionBValue": (2.0, 10.0)}.get(keyword, ("2", "10"))
    first, second = (headers_of(AXIAL, **{keyword: value}) for value in values)
    for elements in second:
        elements.PixelData = b"\1" * len(elements.PixelData)
    found = stacks(tmp_path, [*first, *second])
    assert [len(stack.images) for stack in found] == [9, 9]
    assert found[0].notes == (f"one of 2 acquisitions in this series, told apart by {keyword}",)
    expected = ["F ORIGINAL PRIMARY", "ORIGINAL PRIMARY W"] if keyword == "ImageType" else ["2", "10"]
    assert [stack.images[0].acquisition[keyword] for stack in found] == expected


def test_orientations_in_one_series_are_stacks_of_their_own(tmp_path):
    found = stacks(tmp_path, [*headers_of(GRIDS["sagittal"])[:5], *headers_of(AXIAL)])
    assert [len(stack.images) for stack in found] == [9, 5]


def test_a_localiser_in_a_series_is_left_out(tmp_path):
    found = stacks(tmp_path, [*headers_of(GRIDS["sagittal"])[:2], *headers_of(AXIAL)])
    assert [len(stack.images) for stack in found] == [9]
    assert found[0].notes == ("2 images of another size, orientation or frame of reference left out",)
