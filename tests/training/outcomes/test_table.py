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
    write(tmp_path / "endpoint.csv", "Patient ID,Age,RFS", "CHUM-001,61.0,1234")
    tables = Tables.read([tmp_path])
    assert tables.row("CHUM-001") == {"age": "61", "hpvstatus": "", "rfs": "1234"}
    assert tables.row("CHUM-002")["hpvstatus"] == "1"
    assert tables.row("CHUM-003") == {}


def test_tables_that_contradict_each_other_are_refused_by_patient_column_and_values(tmp_path):
    write(tmp_path / "a.csv", "PatientID,Age,M-stage", "CHUM-001,61,M0")
    write(tmp_path / "b.CSV", "PatientID;Age;M-stage", "CHUM-001;62;M0")
    with pytest.raises(InputError, match=r"Age .* for CHUM-001 it is '61' in line 2 of .*a\.csv and '62' in .*b\.CSV"):
        Tables.read([tmp_path])


def test_other_files_are_no_tables(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    write(tmp_path / "a.csv", "PatientID,Age", "CHUM-001,61", "CHUM-001,61")
    write(tmp_path / "._a.csv", "PatientID,Age", "CHUM-001,99")
    write(tmp_path / "report.csv", "A report", "of many, many, words")
    (tmp_path / "dictionary.xlsx").write_bytes(b"PK\x03\x04")
    assert Tables.read([tmp_path]).row("CHUM-001") == {"age": "61"}
    assert caplog.messages == [
        f"tables: {tmp_path / 'report.csv'} has no column PatientID and was not read.",
        "tables: Workbooks are not read: dictionary.xlsx. Save the sheet with PatientID as CSV.",
        f"tables: Rows of {tmp_path / 'a.csv'} that repeat a patient and were merged: 1.",
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("CHUM-001,61,1,400,5", "the heading has columns, 4, but line 2 of .* has 5"),
        ('CHUM-001,61,1,"1,400"', r"RFS \(days\) must be a number, .* line 2 of .* has '1,400'. Is the comma the dec"),
        ("CHUM-001,61,perhaps,400", "Relapse must be 0 or 1, .* line 2 of .* has 'perhaps'"),
        ("CHUM-001,61,1,400 days", r"RFS \(days\) must be a number, .* line 2 of .* has '400 days'"),
        (
            "CHUM-001,61,1,400\nCHUM-001,62,1,400",
            "Age must be one value .* for CHUM-001 it is '61' in line 2 of .* and '62' in",
        ),
    ],
)
def test_a_table_that_says_something_else_is_refused_by_line(tmp_path, row, sentence):
    write(tmp_path / "table.csv", "PatientID,Age,Relapse,RFS (days)", row)
    with pytest.raises(InputError, match=sentence):
        Tables.read([tmp_path])


def test_all_problems_of_all_tables_are_in_one_list(tmp_path):
    write(tmp_path / "a.csv", "PatientID,Relapse,RFS", "CHUM-001,perhaps,400", "CHUM-002,1", "CHUM-003,1,late")
    write(tmp_path / "b.csv", "PatientID,RFS (months)", "CHUM-001,13")
    (tmp_path / "c.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="there are 5 problems:") as refused:
        Tables.read([tmp_path])
    _, *lines = str(refused.value).splitlines()
    assert [next(word for word in WORDS if word in line) for line in lines] == list(WORDS)


WORDS = ("cut off", "'perhaps'", "'late'", "RFS (months)", "workbook")


def test_a_workbook_in_place_of_the_table_is_named_with_the_cure(tmp_path):
    (tmp_path / "HECKTOR_2025_Training_EHR.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"there is none.* Save the sheet of HECKTOR_2025_Training_EHR\.xlsx as CSV"):
        Tables.read([tmp_path])


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("PatientID,Task 1,Task 2,CenterID,Relapse,RFS", "CHUM-001,1,1,2,1,400.5"),  # 2022
        ("PatientID,CenterID,M-stage,Relapse,RFS,HPV Status", "CHUM-001,2,M0,1.0,400.5,"),  # 2025
        ("PatientID,Center,T_stage,N_stage,Relapse,RFS_days", "chum_001,2,T1,N2,1,400.5"),  # 2026
        ("PatientID;Relapse;RFS (days);;;", 'CHUM-001 ;1;"400,5";;;'),
        ("Patient_ID\tRelapse\tRFS [days]", "CHUM-001\t1\t400,5"),
        ("sep=;\nPatientID;Relapse;RFS", "CHUM-001;1;400,5"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_the_editions_and_the_spellings_of_spreadsheets_say_the_same(tmp_path, heading, row, encoding):
    (tmp_path / "table.csv").write_text(f"{heading}\n{row}\n", encoding=encoding)
    tables = Tables.read([tmp_path])
    assert follow_up_in(tables.row("CHUM-001")) == FollowUp(400.5, True)
    assert tables.problems == ()


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
    assert stage_in({"nstage": cell}, N_STAGES) == expected


def test_a_table_without_stages_has_none():
    assert stage_in({"age": "61"}, T_STAGES) is None


@pytest.mark.parametrize(
    ("relapse", "days", "expected"),
    [("1", "400", FollowUp(400, True)), ("Yes", "400", FollowUp(400, True)),
     ("0.0", "12.5", FollowUp(12.5, False)), ("", "400", None), ("1", "", None),
     ("1", "0", None), ("2", "400", None), ("1", "inf", None)],
)  # fmt: skip
def test_a_follow_up_needs_both_cells(relapse, days, expected):
    assert follow_up_in({"relapse": relapse, "rfs": days}) == expected
