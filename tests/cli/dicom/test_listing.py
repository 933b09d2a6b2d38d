"""`hnseg dicom list` as a user calls it."""

import json

import pytest

from tests.support.dicom_series import AXIAL, headers_of, write_series
from tests.support.dicom_study import series_files
from tests.support.planted_identifiers import PLANTED, with_planted_names
from tests.support.volumes_for_dicom import ct_in_hu, pet_in_bq_ml


@pytest.fixture
def study(tmp_path):
    """Return a folder with a CT, a PET, an uncorrected PET and a localiser; every text in them names the patient."""
    together = {"study": "1.2.3", "frame": "1.2.4"}
    files = [
        *series_files(ct_in_hu(AXIAL), "CT", number="2", **together),
        *series_files(pet_in_bq_ml(AXIAL), "PT", number="5", **together),
        *series_files(pet_in_bq_ml(AXIAL), "PT", number="6", CorrectedImage=["NORM"], **together),
        *headers_of(AXIAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesNumber="1", StudyInstanceUID="1.2.3")[
            :1
        ],
    ]
    write_series(tmp_path / "dicom", with_planted_names(files))
    return tmp_path


def test_series_pairs_suv_and_challenges_are_listed(hnseg, study):
    status, printed = hnseg("list", study / "dicom", "--json", study / "list.json")
    assert (status, printed.err) == (0, "")
    assert "| 2 | CT | 2 | 9 | 40 x 36 x 9 | 1.5 x 1.5 x 3 | axial | patient 1, study 1, frame 2 |" in printed.out
    assert "a localiser" in printed.out
    assert "no: its CorrectedImage has no ATTN" in printed.out
    assert "| hecktor | ct=2, pet=3 |" in printed.out
    listed = json.loads((study / "list.json").read_text())
    assert [each["suv"] for each in listed["series"]] == [None, None, True, False]
    assert listed["challenges"]["hecktor"] == {"series": {"ct": 2, "pet": 3}, "open": ""}
    assert "none there is a volume of MR" in listed["challenges"]["hnts_mrg"]["open"]


def test_no_text_of_a_header_is_listed(hnseg, study):
    _, printed = hnseg("list", study / "dicom", "--json", study / "list.json")
    told = printed.out + printed.err + (study / "list.json").read_text()
    assert not [name for name in PLANTED if name in told]


def test_a_folder_without_dicom_is_a_sentence_and_leaves_no_file(hnseg, tmp_path):
    (tmp_path / "empty").mkdir()
    status, printed = hnseg("list", tmp_path / "empty", "--json", tmp_path / "list.json")
    assert (status, "must hold DICOM images" in printed.err) == (1, True)
    assert not (tmp_path / "list.json").exists()
