"""Tables of patients are merged by patient, and every problem is named with its patient."""

from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.patient_tables import PatientTables, TableProblem, check_no_problems


@pytest.fixture
def added(tmp_path):
    """Return a function that adds tables of these texts, in which an age must be below 100."""

    def add(*texts: str) -> PatientTables:
        tables = PatientTables(lambda column, cell: "below 100" if column == "age" and float(cell) >= 100 else "")
        for number, text in enumerate(texts):
            path = Path(tmp_path, f"{number}.csv")
            path.write_text(text, encoding="utf-8")
            tables.add(path, subject="A table")
        return tables

    return add


def test_a_row_is_found_whatever_the_spelling_of_its_patient(added):
    tables = added("Patient ID,Age\nCHUM_001 ,61\n")
    assert tables.row("CHUM-001") == tables.row("chum-001") == {"age": "61"}
    assert tables.row("CHUM-002") == {}
    assert list(tables.names.values()) == ["CHUM_001"]


def test_rows_that_agree_are_merged_with_a_note_that_names_nobody(added):
    tables = added("PatientID,Age,Relapse\nA,61,\na,61.0,1\nB,50,0\n", "PatientID,Gender\nA,M\n")
    assert tables.row("A") == {"age": "61", "relapse": "1", "gender": "M"}
    assert not tables.problems
    assert [note.split(" ")[0] + note[-3:] for note in tables.notes] == ["Rows 1.", "Patients 1."]


def test_rows_that_contradict_each_other_are_named_with_column_and_both_values(added, tmp_path):
    (problem,) = added("PatientID,Age\nA,61\nB,50\nA,62\n").problems
    assert problem == TableProblem(
        "A",
        f"Age must be one value for each patient, but for A it is '61' in line 2 of {tmp_path / '0.csv'} and '62' in"
        f" line 4 of {tmp_path / '0.csv'}. Are rows of two patients mixed up?",
    )


def test_two_columns_of_one_meaning_must_agree(added):
    (problem,) = added("PatientID,RFS,RFS (days)\nA,400,400\nB,,500\nC,600,700\n").problems
    assert problem.patient == "C"


def test_a_cell_that_is_something_else_is_named_with_its_patient(added):
    tables = added("PatientID;Age;RFS\nA;1610;\nB;nan;1,234\n")
    assert [problem.patient for problem in tables.problems] == ["A", "B"]
    assert "Age must be below 100" in tables.problems[0].sentence
    assert "between thousands?" in tables.problems[1].sentence
    assert tables.row("B") == {"age": "nan"}


@pytest.mark.parametrize("heading", ["RFS (months)", "rfs_years", "RFS in weeks"])
def test_a_follow_up_in_another_unit_is_refused(added, heading):
    (problem,) = added(f"PatientID,{heading}\nA,13\n").problems
    assert f"is named '{heading}'. Convert it" in problem.sentence


def test_all_problems_are_in_one_text():
    check_no_problems([])
    with pytest.raises(InputError, match=r"^one$"):
        check_no_problems([TableProblem("A", "one")])
    with pytest.raises(InputError, match=r"there are 2 problems:\none\ntwo$"):
        check_no_problems([TableProblem("A", "one"), TableProblem("", "two")])
