"""A whole challenge is ranked: known orders, the bootstrap, and a simulated HaN-Seg 2023."""

import json
import math

import numpy as np
import pytest

from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.ranking import Settings, rank_table
from hnseg.evaluation.ranking.scores_table import ScoresTable
from tests.support.simulated_challenge import TEAMS, ordered_scores, simulated_scores

HAN_SEG = METHODS["han-seg"]


@pytest.fixture
def simulated(table_from) -> ScoresTable:
    return table_from(simulated_scores(0))


def test_a_clear_order_is_found_by_item_and_by_patient_in_every_draw(table_from):
    report = rank_table(table_from(ordered_scores()), Settings(HAN_SEG, draws=50))
    for ranking in (report.by_item, report.by_patient):
        assert [team.rank_text for team in ranking.teams] == ["1", "2", "3"]
        assert [team.aggregate for team in ranking.teams] == [2, 4, 6]
        assert [list(team.significance_scores.values()) for team in ranking.teams] == [[2, 2], [1, 1], [0, 0]]
        for place, team in enumerate(ranking.teams, start=1):
            assert (team.bootstrap.rank_low, team.bootstrap.rank_high) == (place, place)
    assert (report.by_item.compared, report.by_patient.compared) == (16, 8)


def test_copies_of_one_team_share_a_rank_with_p_1(table_from):
    rows = [row for row in ordered_scores() if row[0] != "third"]
    copies = [("copy of first", *row[1:]) for row in rows if row[0] == "first"]
    report = rank_table(table_from(rows + copies), Settings(HAN_SEG, draws=20))
    assert [(team.team, team.rank_text) for team in report.by_item.teams] == [
        ("copy of first", "1*"),
        ("first", "1*"),
        ("second", "3"),
    ]
    twins = [pair for pair in report.by_item.pairs if {pair.team, pair.other} == {"first", "copy of first"}]
    assert [(pair.p, pair.better) for pair in twins] == [(1.0, None)] * 2


def test_teams_that_are_all_copies_have_no_tau(table_from):
    rows = [row for row in ordered_scores() if row[0] == "first"]
    report = rank_table(table_from(rows + [("copy", *row[1:]) for row in rows]), Settings(HAN_SEG, draws=5))
    assert json.loads(report.model_dump_json())["by_item"]["kendall_tau"] == {
        "mean": None,
        "low": None,
        "high": None,
        "undefined": 5,
    }


def test_too_few_patients_are_noted(table_from):
    # Three pairs: 3 * 2 / 2^7 is just below 0.05, 3 * 2 / 2^6 is not.
    for cases, is_said in ((7, False), (6, True)):
        report = rank_table(table_from(ordered_scores(cases=cases)), Settings(HAN_SEG, draws=0))
        assert any("6 patients can't give a p that low" in note for note in report.notes) == is_said
        assert any(pair.better for pair in report.by_patient.pairs) != is_said


def test_the_bootstrap_can_be_left_out(table_from):
    report = rank_table(table_from(ordered_scores()), Settings(HAN_SEG, draws=0))
    assert report.bootstrap is None
    assert report.by_item.kendall_tau is None
    assert all(team.bootstrap is None for team in report.by_item.teams + report.by_patient.teams)


def test_the_bootstrap_leaves_the_ranking_itself_alone(simulated):
    without, with_draws = (rank_table(simulated, Settings(HAN_SEG, draws=draws)) for draws in (0, 30))
    assert without.by_patient.pairs == with_draws.by_patient.pairs
    for one, other in zip(without.by_item.teams, with_draws.by_item.teams, strict=True):
        assert one == other.model_copy(update={"bootstrap": None})


@pytest.mark.parametrize("resampled", ["cases", "cases-and-structures"])
def test_the_seed_decides_the_draws_and_the_order_of_rows_does_not(table_from, resampled):
    rows = simulated_scores(1, cases=5)
    one, again, turned, other = (
        rank_table(table_from(order), Settings(HAN_SEG, draws=60, resampled=resampled, seed=seed))
        for order, seed in ((rows, 0), (rows, 0), (rows[::-1], 0), (rows, 1))
    )
    assert one == again == turned
    assert one.by_item.teams != other.by_item.teams


def test_shares_sum_to_one_and_the_interval_holds_nearly_all(simulated):
    report = rank_table(simulated, Settings(HAN_SEG, draws=200))
    for ranking in (report.by_item, report.by_patient):
        for team in ranking.teams:
            shares = team.bootstrap.rank_shares
            assert sum(shares) == pytest.approx(1)
            assert sum(shares[team.bootstrap.rank_low - 1 : team.bootstrap.rank_high]) >= 0.95


def test_the_number_of_corrected_pairs_can_be_chosen(simulated):
    default, strict = (
        rank_table(simulated, Settings(HAN_SEG, draws=0, pairs_corrected=pairs)) for pairs in (None, 10**9)
    )
    assert default.pairs_corrected == 15
    for pair, stricter in zip(default.by_item.pairs, strict.by_item.pairs, strict=True):
        assert pair.p == stricter.p
        assert pair.p_corrected == pytest.approx(min(1, 15 * pair.p))
        assert stricter.p_corrected == pytest.approx(min(1, 1e9 * pair.p))


def test_a_simulated_han_seg_2023_comes_near_the_published_ranking(simulated):
    report = rank_table(simulated, Settings(HAN_SEG, draws=0))
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
