"""Ranks from significance scores: the challenge's own table, and every kind of tie."""

import numpy as np
import pytest

from hnseg.evaluation.ranking.methods import DSC, HD95
from hnseg.evaluation.ranking.ranks import min_ranks, ranks_from_scores

# Podobnik et al., Radiother Oncol 2024, Table 4; the means are those of Tables 2 and 3.
TEAMS = ("eli1", "cwlg102", "CHB-QuantIF", "Mamaa", "m.m.gs", "TurboMiki")
SCORES = [[4, 4, 1, 1, 1, 0], [4, 3, 2, 2, 1, 0]]
MEANS = [[0.769, 0.768, 0.751, 0.752, 0.731, 0.609], [3.5, 3.8, 3.7, 3.9, 9.1, 14.0]]


def test_the_challenges_table_comes_out():
    ranks = ranks_from_scores(SCORES, MEANS, (DSC, HD95))
    assert ranks.by_metric.tolist() == [[1, 1, 3, 3, 3, 6], [1, 2, 3, 3, 5, 6]]
    assert ranks.aggregate.tolist() == [2, 3, 6, 6, 8, 12]
    assert ranks.final.tolist() == [1, 2, 3, 3, 5, 6]
    assert [team for team, shared in zip(TEAMS, ranks.is_shared, strict=True) if shared] == ["CHB-QuantIF", "Mamaa"]


def test_many_rankings_at_once_are_each_their_own():
    order = np.random.default_rng(0).permuted(np.tile(np.arange(6), (20, 1)), axis=1)
    scores, means = (np.moveaxis(np.array(table)[:, order], 0, 1) for table in (SCORES, MEANS))
    ranks = ranks_from_scores(scores, means, (DSC, HD95))
    expected = ranks_from_scores(SCORES, MEANS, (DSC, HD95))
    assert (ranks.final == expected.final[order]).all()
    assert (ranks.is_shared == expected.is_shared[order]).all()


@pytest.mark.parametrize(
    ("values", "ranks"),
    [([7, 7, 3, 3, 3, 1], [5, 5, 2, 2, 2, 1]), ([0, 0, 0], [1, 1, 1]), ([2, 1, 3], [2, 1, 3])],
)
def test_equal_values_share_the_smallest_rank(values, ranks):
    assert min_ranks(np.array(values)).tolist() == ranks


@pytest.mark.parametrize(
    ("dsc", "hd95_mm", "final", "shared"),
    [
        pytest.param([0.8, 0.7, 0.6], [2, 3, 4], [1, 2, 3], [], id="better by both: no star"),
        pytest.param([0.8, 0.7, 0.6], [3, 2, 4], [1, 1, 3], [0, 1], id="means contradict each other"),
        pytest.param([0.8, 0.8, 0.6], [2, 3, 4], [1, 1, 3], [0, 1], id="equal by one is not better by both"),
        pytest.param([0.3, 0.1 + 0.2, 0.1], [3, 2, 4], [1, 1, 3], [0, 1], id="equal on paper is equal"),
        pytest.param([0.8, 0.8, 0.8], [2, 2, 2], [1, 1, 1], [0, 1, 2], id="identical"),
        pytest.param([0.8, 0.6, 0.7], [2, 3, 4], [1, 2, 2], [1, 2], id="the last two share"),
        # The first beats the second by both, but the third can't be told from either.
        pytest.param([0.7, 0.6, 0.8], [2, 3, 4], [1, 1, 1], [0, 1, 2], id="tied by way of a third"),
    ],
)
def test_means_decide_between_equal_aggregates_only_when_they_agree(dsc, hd95_mm, final, shared):
    ranks = ranks_from_scores([[0, 0, 0], [0, 0, 0]], [dsc, hd95_mm], (DSC, HD95))
    assert ranks.final.tolist() == final
    assert np.flatnonzero(ranks.is_shared).tolist() == shared


def test_a_better_aggregate_goes_before_better_means():
    ranks = ranks_from_scores([[1, 0], [0, 0]], [[0.1, 0.9], [90, 1]], (DSC, HD95))
    assert ranks.aggregate.tolist() == [2, 3]
    assert ranks.final.tolist() == [1, 2]


def test_a_long_chain_of_ties_is_one_rank():
    # By Dice each goes before the next. By HD95 that is turned round for 2-1, 4-1, 4-3, 6-3, ... and for no others.
    hd95_mm = [2, 4, 1, 6, 3, 8, 5, 9, 7]
    dsc = np.linspace(0.9, 0.1, 9)
    ranks = ranks_from_scores(np.zeros((2, 9)), [dsc, hd95_mm], (DSC, HD95))
    assert ranks.final.tolist() == [1] * 9
    apart = ranks_from_scores(np.zeros((2, 8)), [dsc[1:], hd95_mm[1:]], (DSC, HD95))
    assert apart.final.tolist() == [1] * 8
    assert ranks_from_scores(np.zeros((2, 7)), [dsc[2:], hd95_mm[2:]], (DSC, HD95)).final.tolist() == [1] + [2] * 6
