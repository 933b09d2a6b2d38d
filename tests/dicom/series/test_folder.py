import logging
import os

import pytest

from hnseg.dicom.series.folder import read_series
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL, GRIDS, IDENTIFIERS, headers_of, write_series


@pytest.fixture
def study(tmp_path):
    """Return a folder with a CT and an MR of three levels, a localiser, a screenshot and files of other kinds."""
    write_series(tmp_path / "a" / "b" / "c", headers_of(AXIAL))
    write_series(tmp_path / "d", headers_of(GRIDS["sagittal"], Modality="MR", SeriesNumber="7"))
    scout = headers_of(AXIAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesNumber="1")
    write_series(tmp_path, scout[:1])
    screenshot = headers_of(AXIAL, Modality="OT", SeriesNumber="99")[:1]
    del screenshot[0].ImagePositionPatient, screenshot[0].ImageOrientationPatient
    write_series(tmp_path, screenshot)
    (tmp_path / "DOE_JOHN.txt").write_text("notes")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def test_a_series_is_chosen_by_its_number(study, caplog):
    caplog.set_level(logging.INFO)
    assert read_series(study, number=7).modality == "MR"
    assert read_series(study, number=3).grid.matches(AXIAL)
    assert "series: number 3 (CT, 9 images); left out: " in caplog.text
    assert "number 1 (CT, 1 image, a localiser)" in caplog.text
    assert "number 99 (OT, 1 image, without places in the patient)" in caplog.text
    assert not any(value in caplog.text for value in (*IDENTIFIERS.values(), "DOE"))


def test_a_series_is_chosen_by_identifiers_where_one_is_there(study):
    uid = read_series(study, number=7).uid
    assert read_series(study, uids=("1.2.3", uid)).modality == "MR"


def test_where_several_may_be_meant_their_numbers_are_asked(study):
    with pytest.raises(
        InputError, match=r"One series of .* must be meant, but 2 of those there may be: number"
    ) as told:
        read_series(study)
    assert "number 7 (MR, 9 images)" in str(told.value)
    with pytest.raises(InputError, match="but none of those there has the number 4"):
        read_series(study, number=4)


def test_one_volume_among_others_needs_no_number(tmp_path):
    write_series(tmp_path / "a", headers_of(AXIAL))
    write_series(tmp_path / "b", headers_of(AXIAL, SeriesNumber="1")[:1])
    assert read_series(tmp_path).grid.matches(AXIAL)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a localiser"),
        ({"NumberOfFrames": "2", "PixelData": bytes(2 * 2 * 40 * 36)}, "in multi-frame files"),
    ],
    ids=str,
)
def test_a_folder_without_a_volume_says_what_there_is(tmp_path, values, reason):
    write_series(tmp_path, headers_of(AXIAL, **values))
    with pytest.raises(InputError, match=rf"there is none: number 3 \(CT, 9 images, {reason}\). Is the path right"):
        read_series(tmp_path)


def test_a_folder_without_dicom_and_no_folder_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"there is none: no file there is a DICOM image"):
        read_series(tmp_path)
    with pytest.raises(InputError, match=r"must be a folder of DICOM files, but .* is none"):
        read_series(tmp_path / "notes.txt")


def test_a_cut_file_is_refused_and_its_name_not_told(tmp_path):
    folder = write_series(tmp_path, headers_of(AXIAL))
    path = sorted(folder.iterdir())[4]
    content = path.read_bytes()
    path.unlink()
    (folder / "!DOE_JOHN").write_bytes(content[:-1])
    with pytest.raises(InputError, match="but file 1 of 9 by name can't be used: it ends before its pixels do") as told:
        read_series(folder)
    assert "DOE" not in str(told.value)


def test_copies_of_images_are_left_out_and_told(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    files = headers_of(AXIAL)
    write_series(tmp_path / "a", files)
    write_series(tmp_path / "b", files[:3])
    assert read_series(tmp_path).grid.matches(AXIAL)
    assert "series: 3 images left out that are there twice, the same pixel by pixel" in caplog.text
