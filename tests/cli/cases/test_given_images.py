"""Images that `hnseg predict` refuses before the model is loaded, and what each refusal says to use."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.cli.cases.given_images import check_folder, check_images
from hnseg.errors import InputError


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "ct.nii.gz"
    sitk.WriteImage(sitk.Image(4, 3, 2, sitk.sitkInt16), str(path))
    return path


@pytest.fixture
def dicom_file(tmp_path):
    """Return the file of a slice, written by ITK under a name that says nothing."""
    written = tmp_path / "written.dcm"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((1, 4, 4), np.int16)), str(written))
    return written.rename(tmp_path / "IM000001")


def test_images_of_all_channels_pass(image):
    check_images([image, image], ["CT", "PET"])


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_images_than_channels_is_refused(image, count):
    sentence = rf"one image for each of the model's 2 channels \(CT, PET, in this order\), but {count} were given"
    with pytest.raises(InputError, match=sentence):
        check_images([image] * count, ["CT", "PET"])


def test_a_dicom_file_is_told_by_its_content(dicom_file):
    with pytest.raises(InputError, match=r"IM000001 is a DICOM file\. .*`hnseg run CHALLENGE --dicom DIR`.*dcm2niix"):
        check_images([dicom_file], ["CT"])


def test_a_file_of_another_kind_a_folder_and_a_missing_file_are_refused(image, tmp_path):
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    with pytest.raises(InputError, match=r"must be a file in one of \.mha, .*notes\.pdf is none\. Convert it"):
        check_images([tmp_path / "notes.pdf"], ["CT"])
    with pytest.raises(InputError, match=r"is a folder among others\..*--dicom"):
        check_images([image, tmp_path], ["CT", "PET"])
    with pytest.raises(InputError, match=r"The image of channel CT must be a file, but there is none at"):
        check_images([tmp_path / "none.nii.gz"], ["CT"])


def test_a_damaged_header_is_refused_by_its_channel(image, tmp_path):
    (tmp_path / "pet.nii.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"image of channel PET .*pet\.nii\.gz"):
        check_images([image, tmp_path / "pet.nii.gz"], ["CT", "PET"])


def test_a_folder_of_images_passes_and_so_does_an_empty_one(image, tmp_path):
    check_folder(image.parent)
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty")  # refused later, with the names that a model's images have


def test_a_folder_of_dicom_files_is_refused_at_any_depth(dicom_file, tmp_path):
    series = tmp_path / "study" / "series"
    series.mkdir(parents=True)
    dicom_file.rename(series / "IM000001")
    (tmp_path / "study" / ".hidden.nii.gz").touch()
    with pytest.raises(InputError, match=r"holds DICOM files, such as IM000001\. .*`hnseg run CHALLENGE --dicom DIR`"):
        check_folder(tmp_path / "study")


def test_folders_of_cases_are_for_the_verb_of_cohorts(image, tmp_path):
    case = tmp_path / "cases" / "case_000"
    case.mkdir(parents=True)
    image.rename(case / "ct.nii.gz")
    with pytest.raises(InputError, match=r"lie in folders below it\. Use `hnseg cohort CHALLENGE DIR`"):
        check_folder(tmp_path / "cases")
