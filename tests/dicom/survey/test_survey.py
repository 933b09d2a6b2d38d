import os

import pytest
from pydicom.uid import MediaStorageDirectoryStorage, generate_uid

from hnseg.dicom.survey.survey import survey_folder
from hnseg.errors import InputError
from hnseg.imaging.geometry import image_of
from tests.support.dicom_series import AXIAL, GRIDS, headers_of, write_file, write_series
from tests.support.dicom_study import series_files
from tests.support.outlined_structures import NAMES, seven_structures
from tests.support.structure_set_files import write_set
from tests.support.volumes_for_dicom import ct_in_hu, pet_in_bq_ml


@pytest.fixture
def study(tmp_path):
    """Return a folder with a CT and a PET of one frame of reference, and a structure set on the CT."""
    study, frame = "1.2.3", "1.2.4"
    ct = write_series(tmp_path / "series", series_files(ct_in_hu(AXIAL), "CT", study=study, frame=frame, number="2"))
    write_set(tmp_path, image_of(seven_structures(AXIAL.shape_zyx), AXIAL), NAMES)
    (tmp_path / "rs.dcm").rename(ct / "rs")
    write_series(
        tmp_path / "deep" / "er", series_files(pet_in_bq_ml(AXIAL), "PT", study=study, frame=frame, number="11")
    )
    return tmp_path


def test_series_are_numbered_and_belong_together(study):
    found = survey_folder(study)
    ct, pet = found.series
    assert [(each.number, each.modality, each.images) for each in found.series] == [(1, "CT", 9), (2, "PT", 9)]
    assert (
        (ct.patient, ct.study, ct.frame_of_reference) == (pet.patient, pet.study, pet.frame_of_reference) == (1, 1, 1)
    )
    assert ct.series.grid.matches(AXIAL)
    assert ct.suv is None
    assert pet.suv.reason.startswith("from Bq/ml")


def test_a_structure_set_has_the_next_number_and_knows_its_series(study):
    (structures,) = survey_folder(study).structure_sets
    assert (structures.number, structures.structures, structures.on, structures.problem) == (3, 7, (1,), "")


def test_numbers_do_not_depend_on_names(study):
    before = [each.uid for each in survey_folder(study).series]
    (study / "deep").rename(study / "0")
    for place, path in enumerate(sorted((study / "series").iterdir())):
        path.rename(study / "series" / f"{1000 - place}")
    assert [each.uid for each in survey_folder(study).series] == before


def test_other_files_are_left_alone(study):
    directory = headers_of(AXIAL, SOPClassUID=MediaStorageDirectoryStorage)[0]
    del directory.Rows, directory.Columns, directory.PixelData
    write_file(study / "DICOMDIR", directory)
    (study / "notes.txt").write_text("x")
    os.mkfifo(study / "pipe")
    found = survey_folder(study)
    assert (len(found.series), found.others) == (2, 3)
    assert (study / "notes.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a localiser"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "projections through many slices"),
        ({"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]}, "projections through many slices"),
        ({"NumberOfFrames": "2", "PixelData": bytes(2 * 2 * 40 * 36)}, "multi-frame files"),
    ],
    ids=str,
)
def test_what_is_no_volume_is_left_out(tmp_path, values, reason):
    write_series(tmp_path, headers_of(AXIAL, **values))
    (entry,) = survey_folder(tmp_path).series
    assert entry.left_out.startswith(reason)


def test_a_missing_slice_is_a_problem(tmp_path):
    files = headers_of(AXIAL)
    write_series(tmp_path, files[:4] + files[5:])
    (entry,) = survey_folder(tmp_path).series
    assert "of the 8 slices in" in entry.problem
    assert entry.series is None


def test_a_cut_file_is_a_problem_of_its_series_alone(study):
    path = sorted((study / "deep" / "er").iterdir())[3]
    path.write_bytes(path.read_bytes()[:-10])
    ct, pet = survey_folder(study).series
    assert ct.why_not == ""
    assert pet.problem == "1 of its files can't be used: it ends before its pixels do"


def test_a_file_that_says_nothing_of_its_series_is_damage(study):
    (study / "broken").write_bytes(bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0" + b"\xff" * 40)
    (damage,) = survey_folder(study).damage
    assert (damage.series_uid, damage.count) == ("", 1)


def test_an_mr_has_its_times(tmp_path):
    write_series(tmp_path, series_files(ct_in_hu(GRIDS["oblique"]), "MR", EchoTime="80", RepetitionTime="3000"))
    (entry,) = survey_folder(tmp_path).series
    assert (entry.echo_ms, entry.repetition_ms, entry.orientation) == (80, 3000, "oblique axial")


@pytest.mark.parametrize(("name", "plane"), [("sagittal", "sagittal"), ("flipped", "axial"), ("descending", "axial")])
def test_the_orientation_is_told(tmp_path, name, plane):
    write_series(tmp_path, headers_of(GRIDS[name], name=name))
    assert survey_folder(tmp_path).series[0].orientation == plane


def test_patients_are_told_apart(tmp_path):
    write_series(tmp_path / "a", headers_of(AXIAL))
    write_series(tmp_path / "b", headers_of(AXIAL, PatientID=generate_uid()[:60]))
    assert {each.patient for each in survey_folder(tmp_path).series} == {1, 2}


def test_a_folder_without_dicom_and_no_folder_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="must hold DICOM images, but no file there is a DICOM image"):
        survey_folder(tmp_path)
    with pytest.raises(InputError, match=r"must be given as a folder, but .*notes.txt is none"):
        survey_folder(tmp_path / "notes.txt")
