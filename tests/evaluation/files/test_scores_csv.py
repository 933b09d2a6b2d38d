"""Scores become a file that `hnseg rank` reads, one team beside the other."""

from math import inf
from pathlib import Path

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.files.scores_csv import rows_of, scores_csv
from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.scores_file import read_scores
from hnseg.evaluation.ranking.scores_table import table_of
from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.evaluation.scoring import score_pairs

METRICS = METHODS["han-seg"].metrics


def report_of(**hd95_mm: float) -> ScoreReport:
    """One case a keyword, with a cord of this HD95."""
    cases = tuple(
        CaseScore(name=name, structures={"SpinalCord": {"dsc": 0.0 if value == inf else 0.9, "hd95_mm": value}})
        for name, value in hd95_mm.items()
    )
    return ScoreReport(challenge="han_seg", score=None, score_name="", structures={}, cases=cases)


def write_scores(report: ScoreReport, team: str, file: Path) -> None:
    """Write a team's scores to a file that may hold those of other teams."""
    file.write_text(scores_csv(report, team, others_in=file))


def test_a_file_holds_a_value_a_row(tmp_path):
    write_scores(report_of(a=2.5, b=inf), "we, us", tmp_path / "scores.csv")
    assert (tmp_path / "scores.csv").read_text().splitlines() == [
        "team,case,structure,metric,value",
        '"we, us",a,SpinalCord,DSC,0.9',
        '"we, us",a,SpinalCord,HD95,2.5',
        '"we, us",b,SpinalCord,DSC,0.0',
        '"we, us",b,SpinalCord,HD95,inf',
    ]


def test_values_come_back_to_the_last_digit(tmp_path):
    write_scores(report_of(a=1 / 3), "we", tmp_path / "scores.csv")
    assert read_scores(tmp_path / "scores.csv", METRICS)[1].value == 1 / 3


def test_teams_gather_in_one_file_and_a_second_run_replaces_the_first(tmp_path):
    file = tmp_path / "scores.csv"
    for team, report in (
        ("A", report_of(a=1.0, b=9.0)),
        ("B", report_of(a=7.0, b=inf)),
        ("A", report_of(a=2.0, b=3.0)),
    ):
        write_scores(report, team, file)
    table = table_of(read_scores(file, METRICS), METRICS)
    assert table.teams == ("A", "B")
    # B's empty prediction gets the largest distance of all teams and cases.
    np.testing.assert_array_equal(table.values[1], [[2.0, 3.0], [7.0, 7.0]])
    assert "Empty predictions of SpinalCord count as DSC 0.0000, HD95 7.00 mm: B (1)." in table.notes


def test_another_challenges_dice_is_written_too_and_its_volumes_are_not(make_label_map):
    found, absent = make_label_map({1: np.s_[1:3, 1:3, 1:5]}), make_label_map()
    report = score_pairs("hnts_mrg", [Pair("a", found, found), Pair("b", absent, absent)])
    assert rows_of(report, "we") == [
        ("we", "a", "GTVp", "DSC", "1.0"),
        ("we", "a", "GTVn", "DSC", ""),
        ("we", "b", "GTVp", "DSC", ""),
        ("we", "b", "GTVn", "DSC", ""),
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"case,score\na,1\n", r"'case,score'\. Is it another file"), (b"", "''"), (b"\xff\xfe\x00", "read as one")],
)
def test_a_file_of_another_kind_is_left_alone(tmp_path, content, found):
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=rf"file to add scores to must .*{found}"):
        write_scores(report_of(a=1.0), "we", file)
    assert file.read_bytes() == content
