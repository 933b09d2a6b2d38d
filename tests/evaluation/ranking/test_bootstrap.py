"""Draws of patients, rank intervals and agreement."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from hnseg.evaluation.ranking.bootstrap import (
    agreement_of,
    draw_cases,
    draw_cases_and_structures,
    kendall_taus,
    rank_intervals,
    rank_shares,
)
from hnseg.evaluation.ranking.methods import DSC
from hnseg.evaluation.ranking.scores_table import ScoresTable

ITEMS = (("a", "Lips"), ("a", "Glottis"), ("a", "Pituitary"), ("b", "Lips"), ("c", "Lips"), ("c", "Glottis"))


@pytest.fixture
def table() -> ScoresTable:
    """Three cases with three, one and two structures."""
    return ScoresTable((DSC,), ("x", "y"), ITEMS, np.zeros((1, 2, 6)))


def test_a_case_brings_all_of_its_structures(table):
    draws = draw_cases(table, np.random.default_rng(0), count=200)
    assert (draws.cases.sum(axis=1) == 3).all()
    assert (draws.items == draws.cases[:, [0, 0, 0, 1, 2, 2]]).all()
    assert draws.cases.max() == 3  # one case three times is drawn in one of nine
    assert draws.cases.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.2)


def test_structures_of_a_case_are_drawn_anew_within_it(table):
    draws = draw_cases_and_structures(table, np.random.default_rng(0), count=200)
    for case, items in enumerate(([0, 1, 2], [3], [4, 5])):
        assert (draws.items[:, items].sum(axis=1) == draws.cases[:, case] * len(items)).all()
    once = draws.cases[:, 0] == 1
    assert set(draws.items[once][:, 0]) == {0, 1, 2, 3}


def test_no_draw_at_all_is_possible(table):
    for draw in (draw_cases, draw_cases_and_structures):
        draws = draw(table, np.random.default_rng(0), count=0)
        assert draws.cases.shape == (0, 3)
        assert draws.items.shape == (0, 6)


def test_intervals_leave_out_what_is_rarer_than_one_in_forty():
    # The first team has rank 1 in 24 of 1000 draws, the second rank 3 in 26.
    final = np.array([[1, 3]] * 24 + [[2, 3]] * 2 + [[2, 1]] * 974)
    low, high = rank_intervals(final)
    assert low.tolist() == [2, 1]
    assert high.tolist() == [2, 3]


def test_shares_are_of_all_draws():
    shares = rank_shares(np.array([[1, 1, 3], [1, 2, 3], [2, 1, 3], [1, 2, 3]]))
    assert shares.tolist() == [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 1]]


def test_tau_by_hand():
    # Of six pairs one is the other way round: (5 - 1) / 6.
    taus = kendall_taus(np.array([[1, 2, 3, 4], [2, 1, 3, 4], [4, 3, 2, 1], [1, 1, 1, 1]]), np.array([1, 2, 3, 4]))
    assert taus == pytest.approx([1, 4 / 6, -1, np.nan], nan_ok=True)


def test_tau_with_ties_agrees_with_scipy():
    rng = np.random.default_rng(0)
    final, ranking = rng.integers(1, 5, (200, 6)), np.array([1, 2, 3, 3, 5, 6])
    expected = [kendalltau(row, ranking).statistic for row in final]
    assert kendall_taus(final, ranking) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_agreement_counts_draws_without_a_tau():
    final = np.array([[1, 2]] * 98 + [[2, 1]] + [[1, 1]])
    agreement = agreement_of(final, np.array([1, 2]))
    assert agreement.mean == pytest.approx(97 / 99)
    assert (agreement.low, agreement.high, agreement.undefined) == (1.0, 1.0, 1)


def test_a_ranking_of_ties_alone_has_no_agreement():
    agreement = agreement_of(np.array([[1, 2], [1, 1]]), np.array([1, 1]))
    assert np.isnan([agreement.mean, agreement.low, agreement.high]).all()
    assert agreement.undefined == 2
