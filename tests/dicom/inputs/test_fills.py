from containers.hecktor.spec import SPEC as HECKTOR
from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.inputs.fills import fills_of
from hnseg.dicom.survey.survey import survey_folder
from tests.support.dicom_case import write_pet_ct, write_structures_on_ct
from tests.support.dicom_series import AXIAL, write_series
from tests.support.dicom_study import series_files
from tests.support.volumes_for_dicom import ct_in_hu


def test_each_challenge_has_its_series_or_an_open_question(tmp_path):
    write_series(tmp_path, series_files(ct_in_hu(AXIAL), "CT"))
    hecktor, hnts = fills_of(survey_folder(tmp_path), iter([HECKTOR, HNTS_MRG]))
    assert (hecktor.challenge, hecktor.numbers, hecktor.open_question) == ("hecktor", {"ct": 1}, "")
    assert (hnts.numbers, "none there is a volume of MR" in hnts.open_question) == ({}, True)


def test_structures_are_counted_among_the_inputs(tmp_path):
    study = write_pet_ct(tmp_path / "dicom")
    (missing,) = fills_of(survey_folder(study), iter([RECURRENCE]))
    assert (missing.numbers, "must be in a structure set" in missing.open_question) == ({"ct": 2, "pet": 3}, True)
    write_structures_on_ct(study, {1: "GTV"})
    (filled,) = fills_of(survey_folder(study), iter([RECURRENCE]))
    assert (filled.numbers, filled.open_question) == ({"ct": 2, "pet": 3, "gtv-segmentation": 4}, "")
