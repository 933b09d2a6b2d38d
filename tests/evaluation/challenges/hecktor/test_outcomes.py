"""Tables of stages and survival are read in their spellings, others are refused."""

from pathlib import Path

import pytest

from hnseg.clinical import T_STAGES, FollowUp
from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor.outcomes import (
    Outcome,
    outcome_of,
    predicted_rfs,
    predicted_stage,
    read_outcomes,
)

HEADING = "PatientID,CenterID,T-stage,N-stage,Relapse,RFS\n"


def _table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "clinical.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_with_gaps(tmp_path):
    path = _table(tmp_path, HEADING + "A-1,1,T2,N2b,1,812.5\nA-2,1,,1,0,\nA-3,1,4,,nan,100\n\n,,,,,\n")
    assert read_outcomes(path) == {
        "A-1": Outcome("T2", "N2", FollowUp(812.5, has_relapsed=True)),
        "A-2": Outcome(None, "N1", None),
        "A-3": Outcome("T4", None, None),
    }


def test_a_repeated_patient_and_decimal_commas_of_a_spreadsheet(tmp_path):
    path = _table(tmp_path, "PatientID;T_stage;Relapse;RFS_days;;\nA-1;T2;1;812,5;;\nA-1;T2;1;;;\n")
    assert read_outcomes(path) == {"A-1": Outcome("T2", None, FollowUp(812.5, has_relapsed=True))}


def test_a_table_of_survival_alone_with_other_spellings_of_the_headings(tmp_path):
    path = _table(tmp_path, "\ufeffpatientid, RFS , relapse\nA-1,30,0.0\n")
    assert read_outcomes(path) == {"A-1": Outcome(rfs=FollowUp(30.0, has_relapsed=False))}


def test_a_table_of_a_spreadsheet_with_words_in_place_of_numbers(tmp_path):
    path = tmp_path / "clinical.csv"
    path.write_text("PatientID;T-stage;Relapse;RFS\nA-1;TX;Yes;30.5\nA-2;T1;FALSE;8\nA-3;;NA;n/a\n", encoding="utf-16")
    assert read_outcomes(path) == {
        "A-1": Outcome(rfs=FollowUp(30.5, has_relapsed=True)),
        "A-2": Outcome("T1", rfs=FollowUp(8.0, has_relapsed=False)),
        "A-3": Outcome(),
    }


@pytest.mark.parametrize(
    ("relapse", "has_relapsed"),
    [(True, True), (False, False), (0, False), ("1", True), ("yes", True), ("No", False), ("0.0", False)],
)
def test_a_relapse_is_a_number_or_yes_or_no(relapse, has_relapsed):
    assert outcome_of({"relapse": relapse, "rfs": 30}).rfs == FollowUp(30.0, has_relapsed)


@pytest.mark.parametrize(("relapse", "rfs"), [(2, 30), (1, -1), ("", 30), (None, 30), (1, "inf"), (1, True)])
def test_a_survival_that_can_t_be_is_unknown(relapse, rfs):
    assert outcome_of({"relapse": relapse, "rfs": rfs}) == Outcome()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEADING + "A-1,1,T2,N1,1,8\nA-1,1,T3,N1,1,8\n", "for A-1 it is 'T2' in line 2 of .* and 'T3' in line 3"),
        (HEADING + "A-1,1,T5,N1,1,8\nA-2,1,T2,N1,2,8\n", "there are 2 problems:\nT-stage .*'T5'.*\nRelapse .*'2'"),
        ("PatientID:T-stage\nA-1:T2\n", "must name PatientID and .*names PatientID:T-stage. Is another separator used"),
        (HEADING + "A-1,1,T2,N1,1,8,5\n", "the heading has columns, 6, but line 2 of .* has 7. Is a decimal comma"),
        (HEADING + 'A-1,1,T2,N1,1,"1,800"\n', "RFS must be a number, .* line 2 of .* has '1,800'. Is the comma"),
        (HEADING + "A-1,1,T2,N1,maybe,8\n", "Relapse must be 0 or 1, .* but line 2 of .* has 'maybe'"),
        (HEADING + "A-1,1,T2,N1,2,8\n", "Relapse must be 0 or 1, .* has '2'"),
        (HEADING + "A-1,1,T2,N1,1,-8\n", "RFS must be a number of days, 0 or more, .* has '-8'"),
        (HEADING + "A-1,1,T5,N1,1,8\n", "T-stage must be one of T1, T2, T3, T4, .* has 'T5'"),
        (HEADING + "A-1,1,T2,M1,1,8\n", "N-stage must be one of N0, N1, N2, N3, .* has 'M1'"),
        ("PatientID,Age\nA-1,60\n", "names PatientID, Age"),
        ("", "names nothing"),
    ],
)
def test_another_table_is_refused(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        read_outcomes(_table(tmp_path, text))


def test_a_file_that_can_t_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"--clinical must be a readable file, but .*nowhere.csv is not: No such file"):
        read_outcomes(tmp_path / "nowhere.csv")
    (tmp_path / "sheet.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match=r"CSV file in UTF-8, but .*sheet\.xlsx can't be read"):
        read_outcomes(tmp_path / "sheet.xlsx")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "case 7 must have a t-stage of T1, T2, T3, T4, .*but it has no values at all. Is there a JSON file"),
        ({"rfs": 1.0}, "but it has rfs. Is there"),
        ({"t-stage": "N2"}, "but it is 'N2'"),
    ],
)
def test_a_missing_stage_is_refused(values, sentence):
    with pytest.raises(InputError, match=sentence):
        predicted_stage(values, "t-stage", T_STAGES, case="7")


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "812", True, [1]])
def test_an_rfs_that_is_no_finite_number_is_refused(value):
    with pytest.raises(InputError, match=r"case 7 must have a finite number as its rfs, .* but it is"):
        predicted_rfs({"rfs": value}, case="7")
