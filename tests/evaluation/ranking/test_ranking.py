"""A whole challenge is ranked: keys, known orders, the bootstrap, and a simulated HaN-Seg 2023."""

import json
import math

import numpy as np
import pytest

from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.ranking import Settings, rank_teams
from hnseg.evaluation.ranking.report import RankingReport, ranking_table
from hnseg.evaluation.ranking.scores_file import read_scores
from hnseg.evaluation.ranking.scores_table import ScoresTable, table_of
from tests.support.simulated_challenge import TEAMS, simulated_scores, write_scores

HAN_SEG = METHODS["han-seg"]


@pytest.fixture
def table_from(tmp_path):
    """Return a function that makes a table of rows, by way of a file."""

    def make(rows) -> ScoresTable:
        path = write_scores(rows, tmp_path / "scores.csv")
        return table_of(read_scores(path, HAN_SEG.metrics), HAN_SEG.metrics)

    return make


@pytest.fixture
def simulated(table_from) -> ScoresTable:
    return table_from(simulated_scores(0))


def _ordered(*, cases: int = 8, gap: float = 0.1) -> list:
    """Three teams of which each is better than the next in every structure of every case."""
    rng = np.random.default_rng(0)
    rows = []
    for case in range(cases):
        for structure in ("Lips", "Glottis"):
            dsc, hd95_mm = rng.uniform(0.5, 0.7), rng.uniform(2, 9)
            for place, team in enumerate(("first", "second", "third")):
                rows.append((team, f"c{case}", structure, "DSC", dsc - place * gap - 0.01 * rng.uniform()))
                rows.append((team, f"c{case}", structure, "HD95", hd95_mm + 10 * place * gap + 0.1 * rng.uniform()))
    return rows


def test_the_report_has_these_keys(table_from):
    rows = [row for row in _ordered() if row[0] != "third"]
    report = json.loads(rank_teams(table_from(rows), Settings(HAN_SEG, draws=10, seed=3)).model_dump_json())
    teams, pairs = report["by_item"].pop("teams"), report["by_item"].pop("pairs")
    assert report["by_patient"].keys() == {"compared", "kendall_tau", "teams", "pairs"}
    assert report.pop("by_patient")["compared"] == 8
    (note,) = report.pop("notes")
    assert note.startswith("The 16 items come from 8 patients and are not independent")
    assert report == {
        "method": "han-seg",
        "alpha": 0.05,
        "pairs_corrected": 1,
        "cases": 8,
        "structures": 2,
        "bootstrap": {"draws": 10, "seed": 3, "resampled": "cases"},
        "by_item": {"compared": 16, "kendall_tau": {"mean": 1.0, "low": 1.0, "high": 1.0, "undefined": 0}},
    }
    dsc = np.mean([row[4] for row in rows if row[0] == "first" and row[3] == "DSC"])
    hd95_mm = np.mean([row[4] for row in rows if row[0] == "first" and row[3] == "HD95"])
    assert [team["team"] for team in teams] == ["first", "second"]
    assert teams[0] == {
        "team": "first",
        "rank": 1,
        "is_shared": False,
        "aggregate": 2,
        "significance_scores": {"DSC": 1, "HD95": 1},
        "metric_ranks": {"DSC": 1, "HD95": 1},
        "means": {"DSC": pytest.approx(dsc), "HD95_mm": pytest.approx(hd95_mm)},
        "bootstrap": {"rank_low": 1, "rank_high": 1, "rank_shares": [1.0, 0.0]},
    }
    p = 2 / 2**16
    assert pairs[0] == {
        "metric": "DSC",
        "team": "first",
        "other": "second",
        "p": p,
        "p_corrected": p,
        "better": "first",
    }
    assert [pair["metric"] for pair in pairs] == ["DSC", "HD95"]


def test_the_report_comes_back_from_its_json(simulated):
    report = rank_teams(simulated, Settings(HAN_SEG, draws=20))
    assert RankingReport.model_validate_json(report.model_dump_json()) == report


def test_a_clear_order_is_found_by_item_and_by_patient_in_every_draw(table_from):
    report = rank_teams(table_from(_ordered()), Settings(HAN_SEG, draws=50))
    for ranking in (report.by_item, report.by_patient):
        assert [team.rank_text for team in ranking.teams] == ["1", "2", "3"]
        assert [team.aggregate for team in ranking.teams] == [2, 4, 6]
        assert [list(team.significance_scores.values()) for team in ranking.teams] == [[2, 2], [1, 1], [0, 0]]
        for place, team in enumerate(ranking.teams, start=1):
            assert (team.bootstrap.rank_low, team.bootstrap.rank_high) == (place, place)
    assert (report.by_item.compared, report.by_patient.compared) == (16, 8)


def test_copies_of_one_team_share_a_rank_with_p_1(table_from):
    rows = [row for row in _ordered() if row[0] != "third"]
    copies = [("copy of first", *row[1:]) for row in rows if row[0] == "first"]
    report = rank_teams(table_from(rows + copies), Settings(HAN_SEG, draws=20))
    assert [(team.team, team.rank_text) for team in report.by_item.teams] == [
        ("copy of first", "1*"),
        ("first", "1*"),
        ("second", "3"),
    ]
    twins = [pair for pair in report.by_item.pairs if {pair.team, pair.other} == {"first", "copy of first"}]
    assert [(pair.p, pair.better) for pair in twins] == [(1.0, None)] * 2


def test_teams_that_are_all_copies_have_no_tau(table_from):
    rows = [row for row in _ordered() if row[0] == "first"]
    report = rank_teams(table_from(rows + [("copy", *row[1:]) for row in rows]), Settings(HAN_SEG, draws=5))
    assert json.loads(report.model_dump_json())["by_item"]["kendall_tau"] == {
        "mean": None,
        "low": None,
        "high": None,
        "undefined": 5,
    }


def test_few_patients_are_said_to_be_too_few(table_from):
    # Three pairs: 3 * 2 / 2^7 is just below 0.05, 3 * 2 / 2^6 is not.
    for cases, is_said in ((7, False), (6, True)):
        report = rank_teams(table_from(_ordered(cases=cases)), Settings(HAN_SEG, draws=0))
        assert any("6 patients can't give a p that low" in note for note in report.notes) == is_said
        assert any(pair.better for pair in report.by_patient.pairs) != is_said


def test_the_bootstrap_can_be_left_out(table_from):
    report = rank_teams(table_from(_ordered()), Settings(HAN_SEG, draws=0))
    assert report.bootstrap is None
    assert report.by_item.kendall_tau is None
    assert all(team.bootstrap is None for team in report.by_item.teams + report.by_patient.teams)


def test_the_bootstrap_leaves_the_ranking_itself_alone(simulated):
    without, with_draws = (rank_teams(simulated, Settings(HAN_SEG, draws=draws)) for draws in (0, 30))
    assert without.by_patient.pairs == with_draws.by_patient.pairs
    for one, other in zip(without.by_item.teams, with_draws.by_item.teams, strict=True):
        assert one == other.model_copy(update={"bootstrap": None})


@pytest.mark.parametrize("resampled", ["cases", "cases-and-structures"])
def test_the_seed_decides_the_draws_and_the_order_of_rows_does_not(table_from, resampled):
    rows = simulated_scores(1, cases=5)
    one, again, turned, other = (
        rank_teams(table_from(order), Settings(HAN_SEG, draws=60, resampled=resampled, seed=seed))
        for order, seed in ((rows, 0), (rows, 0), (rows[::-1], 0), (rows, 1))
    )
    assert one == again == turned
    assert one.by_item.teams != other.by_item.teams


def test_shares_sum_to_one_and_the_interval_holds_nearly_all(simulated):
    report = rank_teams(simulated, Settings(HAN_SEG, draws=200))
    for ranking in (report.by_item, report.by_patient):
        for team in ranking.teams:
            shares = team.bootstrap.rank_shares
            assert sum(shares) == pytest.approx(1)
            assert sum(shares[team.bootstrap.rank_low - 1 : team.bootstrap.rank_high]) >= 0.95


def test_the_number_of_corrected_pairs_can_be_chosen(simulated):
    default, strict = (
        rank_teams(simulated, Settings(HAN_SEG, draws=0, pairs_corrected=pairs)) for pairs in (None, 10**9)
    )
    assert default.pairs_corrected == 15
    for pair, stricter in zip(default.by_item.pairs, strict.by_item.pairs, strict=True):
        assert pair.p == stricter.p
        assert pair.p_corrected == pytest.approx(min(1, 15 * pair.p))
        assert stricter.p_corrected == pytest.approx(min(1, 1e9 * pair.p))


def test_a_simulated_han_seg_2023_comes_near_the_published_ranking(simulated):
    report = rank_teams(simulated, Settings(HAN_SEG, draws=0))
    rank_of = {team.team: team.rank for team in report.by_item.teams}
    ranks = [rank_of[team] for team in TEAMS]
    assert set(ranks[:2]) <= {1, 2}
    assert set(ranks[2:4]) <= {3, 4}
    assert ranks[4:] == [5, 6]
    assert report.notes[0].startswith("Empty predictions of OpticNrv_R count as DSC 0.0000, HD95 ")
    assert report.notes[0].endswith(" mm: TurboMiki (14).")


def test_simulated_scores_keep_the_published_means():
    rows = simulated_scores(0, cases=1500, teams=("eli1", "TurboMiki"))
    dsc = [row[4] for row in rows if row[0] == "eli1" and row[2:4] == ("Brainstem", "DSC")]
    hd95_mm = [row[4] for row in rows if row[0] == "eli1" and row[2:4] == ("Brainstem", "HD95")]
    assert (np.mean(dsc), np.std(dsc)) == pytest.approx((0.885, 0.047), rel=0.1)
    assert (np.mean(hd95_mm), np.std(hd95_mm)) == pytest.approx((3.9, 2.1), rel=0.1)
    assert all(math.isinf(row[4]) for row in rows if row[0] == "TurboMiki" and row[2:4] == ("OpticNrv_R", "HD95"))


def test_the_table_has_a_row_a_team(table_from):
    report = rank_teams(table_from(_ordered()), Settings(HAN_SEG, draws=10))
    table = ranking_table(report, HAN_SEG.metrics)
    assert " | ".join(table.headings) == (
        "team | S DSC | R DSC | S HD95 | R HD95 | A | rank | mean DSC | mean HD95 (mm) | rank 95 % | by patients | 95 %"
    )
    first = report.by_item.teams[0].means
    assert table.rows[0] == (
        *("first", "2", "1", "2", "1", "2", "1", f"{first['DSC']:.4f}", f"{first['HD95_mm']:.2f}"),
        *("1 to 1", "1", "1 to 1"),
    )
    without = ranking_table(rank_teams(table_from(_ordered()), Settings(HAN_SEG, draws=0)), HAN_SEG.metrics)
    assert without.rows[0][-3:] == ("-", "1", "-")
