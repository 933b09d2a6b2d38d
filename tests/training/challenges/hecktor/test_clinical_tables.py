"""Clinical tables are surveyed with the images, whose patients decide which rows matter."""

import pytest

from hnseg_training.challenges.hecktor.clinical_tables import with_tables
from hnseg_training.dataset.pet_ct_sources import PetCtFinding, Source
from hnseg_training.dataset.survey.problem import Problem


@pytest.fixture
def surveyed(tmp_path):
    """Return a function that surveys a table beside the images of A-1 and A-2, of whom A-2 has a problem already."""

    def survey(*lines: str) -> PetCtFinding:
        if lines:
            (tmp_path / "table.csv").write_text("\n".join(lines))
        ct = tmp_path / "a.nii.gz"
        former = [Problem("A-2", "There is no CT.")]
        return with_tables(PetCtFinding([Source("A-1", ct, None, ct)], former, folders=[tmp_path]))

    return survey


def test_problems_of_rows_join_those_of_the_images_under_the_images_name(surveyed):
    found = surveyed("PatientID,Relapse", "a_1,perhaps", "A-2,1")
    assert [one.patient for one in found.problems] == ["A-2", "A-1"]
    assert "Relapse must be 0 or 1" in found.problems[1].sentence


def test_a_row_without_images_is_a_note_whatever_is_in_it(surveyed):
    found = surveyed("PatientID,Relapse", "A-1,0", "A-2,1", "B-7,perhaps")
    assert len(found.problems) == 1
    assert found.notes == ["Patients of the tables without images: 1."]


def test_images_without_a_row_are_counted_and_not_named(surveyed):
    assert surveyed("PatientID,Relapse", "A-2,1").notes == [
        "Patients without a row in a table, whose outcomes are unknown: 1."
    ]


def test_a_row_that_breaks_the_table_is_nobody_s(surveyed):
    assert [one.patient for one in surveyed("PatientID,Relapse", "A-1,0", "A-2", "A-2,1").problems] == ["A-2", ""]


def test_without_a_table_there_is_a_note(surveyed):
    (note,) = surveyed().notes
    assert "no table with a column PatientID" in note
