"""Pairs of teams whose outcome is known."""

import numpy as np

from hnseg.evaluation.ranking.methods import DSC, HD95
from hnseg.evaluation.ranking.significance import Threshold, compare_teams


def _compare(values, *, alpha=0.05, pairs_corrected=1, metrics=(DSC, HD95)):
    values = np.asarray(values, float)
    return compare_teams(values, metrics, Threshold(alpha, pairs_corrected), np.ones((1, values.shape[2])))


def test_teams_that_dominate_each_other_score_in_order_by_either_metric():
    rng = np.random.default_rng(0)
    dsc = rng.uniform(0.3, 0.5, 40) + np.array([[0.2], [0.4], [0.0]])
    hd95_mm = rng.uniform(2, 4, 40) + np.array([[1.0], [0.0], [2.0]])
    comparisons = _compare([dsc, hd95_mm], pairs_corrected=3)
    assert comparisons.scores.tolist() == [[[1, 2, 0], [1, 2, 0]]]
    assert comparisons.wins[0, 0].tolist() == [[False, False, True], [True, False, True], [False, False, False]]


def test_identical_teams_have_p_1_and_no_winner():
    comparisons = _compare([[[0.5, 0.6, 0.7]] * 2, [[1.0, 2.0, 3.0]] * 2])
    assert (comparisons.p == 1).all()
    assert not comparisons.wins.any()


def test_the_correction_decides():
    # Seven cases, the first team better in all of them: p = 2 / 2^7 = 0.0156.
    values = [[np.arange(1, 8) / 10, np.zeros(7)]]
    for pairs_corrected, wins in ((1, True), (3, True), (4, False), (100, False)):
        comparisons = _compare(values, pairs_corrected=pairs_corrected, metrics=(DSC,))
        assert comparisons.p[0, 0, 0, 1] == comparisons.p[0, 0, 1, 0] == 2 / 128
        assert comparisons.p_corrected[0, 0, 0, 1] == min(1, pairs_corrected * 2 / 128)
        assert comparisons.wins[0, 0, 0, 1] == wins


def test_p_equal_to_alpha_is_not_significant():
    values = [[np.arange(1, 8) / 10, np.zeros(7)]]
    assert not _compare(values, alpha=2 / 128, metrics=(DSC,)).wins.any()
    assert _compare(values, alpha=2.001 / 128, metrics=(DSC,)).wins.any()


def test_the_winner_has_the_higher_rank_sum_even_against_the_mean():
    # One huge loss in eleven: rank 11 against 55.
    ahead = np.array([*np.arange(1, 11) / 1000, -0.9])
    comparisons = _compare([[0.9 + ahead, np.full(11, 0.9)]], alpha=0.06, metrics=(DSC,))
    assert (0.9 + ahead).mean() < 0.9
    assert comparisons.wins[0, 0, 0, 1]


def test_each_draw_is_compared_by_itself():
    values = np.array([[np.arange(1, 8) / 10, np.zeros(7)]])
    weights = np.array([np.ones(7), [7, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0]])
    comparisons = compare_teams(values, (DSC,), Threshold(0.05, 1), weights)
    assert comparisons.p[:, 0, 0, 1].tolist() == [2 / 128, 2 / 128, 1.0]
    assert comparisons.scores[:, 0, 0].tolist() == [1, 1, 0]
