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
    [("1", "400", FollowUp(400, True)), ("0.0", "12.5", FollowUp(12.5, False)), ("", "400", None), ("1", "", None),
     ("1", "0", None), ("2", "400", None), ("1", "inf", None)],
)  # fmt: skip
def test_a_follow_up_needs_both_cells(relapse, days, expected):
    assert follow_up_in({"Relapse": relapse, "RFS (days)": days}) == expected
