import logging
from pathlib import Path

import pytest

from hnseg.clinical import N_STAGES, T_STAGES, FollowUp
from hnseg.errors import InputError
from hnseg_training.outcomes.table import Tables, follow_up_in, stage_in


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")  # as spreadsheet programs write it


def test_tables_are_merged_by_patient_and_gaps_are_filled(tmp_path):
    write(tmp_path / "clinical.csv", 'PatientID,Age,"HPV status (0=-, 1=+)"', "CHUM-001,61,", "CHUM-002,,1")
    write(tmp_path / "endpoint.csv", "Patient ID,Age,RFS", "CHUM-001,99,1234")
    tables = Tables.read([tmp_path])
    assert tables.row("CHUM-001")["Age"] == "61"
    assert tables.row("CHUM-001")["RFS"] == "1234"
    assert tables.row("CHUM-002")["HPV status (0=-, 1=+)"] == "1"
    assert tables.row("CHUM-003") == {}


def test_tables_that_contradict_each_other_are_logged_and_the_first_counts(tmp_path, caplog):
    write(tmp_path / "a.csv", "PatientID,Age,M-stage", "CHUM-001,61,M0")
    write(tmp_path / "b.CSV", "PatientID;Age;M-stage", "CHUM-001;62;M0")
    assert Tables.read([tmp_path]).row("CHUM-001")["Age"] == "61"
    assert caplog.messages == [
        f"CHUM-001 in {tmp_path / 'b.CSV'}: Age is 62 there and 61 in a table before, which counts"
    ]


def test_other_files_are_no_tables(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    write(tmp_path / "a.csv", "PatientID,Age", "CHUM-001,61", "CHUM-001,61")
    write(tmp_path / "._a.csv", "PatientID,Age", "CHUM-001,99")
    write(tmp_path / "report.csv", "A report", "of many, many, words")
    assert Tables.read([tmp_path]).rows == {"CHUM-001": {"PatientID": "CHUM-001", "Age": "61"}}
    assert caplog.messages == [f"not read: {tmp_path / 'report.csv'} has no column PatientID"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("CHUM-001,61,1,400,5", "the heading has columns, 4, but line 2 of .* has 5"),
        ('CHUM-001,61,1,"400,5"', r"RFS \(days\) must be a number, .* line 2 of .* has '400,5'. Is the decimal sign"),
        ('CHUM-001,"61,5",1,400', "Age must be a number, .* line 2 of .* has '61,5'. Is the decimal sign a comma"),
        ("CHUM-001,61,perhaps,400", "Relapse must be 0 or 1, .* line 2 of .* has 'perhaps'"),
        ("CHUM-001,61,1,400 days", r"RFS \(days\) must be a number, .* line 2 of .* has '400 days'"),
        ("CHUM-001,61,1,400\nCHUM-001,62,1,400", "one row, but line 3 of .* has other values for CHUM-001"),
    ],
)
def test_a_table_that_says_something_else_is_refused_by_line(tmp_path, row, sentence):
    write(tmp_path / "table.csv", "PatientID,Age,Relapse,RFS (days)", row)
    with pytest.raises(InputError, match=sentence):
        Tables.read([tmp_path])


def test_other_tables_are_not_of_patients(tmp_path):
    write(tmp_path / "sizes.csv", "name,size", "a,1")
    with pytest.raises(InputError, match=r"a CSV file with a column PatientID, but there is none.*--source"):
        Tables.read([tmp_path])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("N2", "N2"), ("N2b", "N2"), ("cN3a", "N3"), ("2", "N2"), ("2.0", "N2"), ("n0", "N0"), ("NX", None), ("", None),
     ("N4", None), ("nan", None)],
)  # fmt: skip
def test_stages_are_read_without_their_divisions(cell, expected):
    assert stage_in({"N-stage": cell}, N_STAGES) == expected
    assert stage_in({"N_Stage": cell}, N_STAGES) == expected


def test_a_table_without_stages_has_none():
    assert stage_in({"Age": "61"}, T_STAGES) is None


@pytest.mark.parametrize(
    ("relapse", "days", "expected"),
    [("1", "400", FollowUp(400, True)), ("Yes", "400", FollowUp(400, True)),
     ("0.0", "12.5", FollowUp(12.5, False)), ("", "400", None), ("1", "", None),
     ("1", "0", None), ("2", "400", None), ("1", "inf", None)],
)  # fmt: skip
def test_a_follow_up_needs_both_cells(relapse, days, expected):
    assert follow_up_in({"Relapse": relapse, "RFS (days)": days}) == expected
