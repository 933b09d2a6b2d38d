"""Wilcoxon's test by hand, by counting all signs, and beside scipy's."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from hnseg.evaluation.statistics.signed_rank import LARGEST_EXACT, signed_rank_test


def _tested(differences) -> tuple[float, float]:
    """The lead and p of one sample."""
    test = signed_rank_test(np.asarray(differences, float), np.ones((1, len(differences))))
    return test.lead[0], test.p[0]


@pytest.mark.parametrize(
    ("differences", "lead", "p"),
    [
        pytest.param([1, 2, 3, 4, 5], 15, 2 / 32, id="all positive: one of 32 choices of signs, and its mirror image"),
        pytest.param([6, -2, 1, 3, 5, 4], 17, 2 * 3 / 64, id="negative ranks of 2, 1 or 0: three choices of 64"),
        pytest.param([-6, 2, -1, -3, -5, -4], -17, 2 * 3 / 64, id="the same turned round"),
        pytest.param([0, 3, 0, -0.5, 2], 4, 2 * 2 / 8, id="zeros are dropped: ranks 3, -1, 2"),
        pytest.param([7, 7, -7], 2, 1.0, id="all tied at rank 2: half the choices are as far apart"),
        pytest.param([1, 1, 1, 1, 2], 15, 2 / 32, id="tied, all positive"),
        pytest.param([0, 0], 0, 1.0, id="no difference"),
    ],
)
def test_small_samples_by_hand(differences, lead, p):
    assert _tested(differences) == (lead, pytest.approx(p, abs=1e-15))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_small_samples_count_all_signs_ties_or_not(differences):
    left = np.array([d for d in differences if d])
    ranks = rankdata(np.abs(left))
    leads = [float(np.dot(signs, ranks)) for signs in product((-1, 1), repeat=len(left))]
    observed = abs(float(np.dot(np.sign(left), ranks)))
    assert _tested(differences)[1] == pytest.approx(np.mean(np.abs(leads) >= observed - 1e-9), abs=1e-12)


@pytest.mark.parametrize("n", [5, 14, LARGEST_EXACT])
def test_small_samples_without_ties_agree_with_scipys_exact_test(n):
    rng = np.random.default_rng(n)
    for shift in (0.0, 0.3, 1.0):
        differences = rng.normal(shift, 1, n)
        assert _tested(differences)[1] == pytest.approx(wilcoxon(differences, method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize("decimals", [12, 1, 0], ids=["no ties", "some ties", "ties and zeros"])
def test_large_samples_agree_with_scipys_approximation(decimals):
    rng = np.random.default_rng(decimals)
    for n in (60, 420):
        differences = np.round(rng.normal(0.1, 1, n), decimals)
        expected = wilcoxon(differences, method="asymptotic", correction=False)
        lead, p = _tested(differences)
        assert p == pytest.approx(expected.pvalue, rel=1e-12)
        left = np.count_nonzero(differences)
        assert (left * (left + 1) / 2 - abs(lead)) / 2 == pytest.approx(expected.statistic)


@pytest.mark.parametrize("n", [8, 120])
def test_a_draw_is_the_sample_it_describes(n):
    rng = np.random.default_rng(n)
    differences = np.round(rng.normal(0.2, 1, n), 1)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=40)
    test = signed_rank_test(differences, weights.astype(float))
    for weight, lead, p in zip(weights, test.lead, test.p, strict=True):
        assert (lead, p) == pytest.approx(_tested(np.repeat(differences, weight)))


def test_draws_on_either_side_of_the_limit_are_each_tested_in_their_own_way():
    differences = np.linspace(0.5, 3, 30) * np.where(np.arange(30) % 3, 1, -1)
    few = (np.arange(30) < LARGEST_EXACT).astype(float)
    test = signed_rank_test(differences, np.array([few, np.ones(30)]))
    assert test.p[0] == pytest.approx(wilcoxon(differences[:LARGEST_EXACT], method="exact").pvalue)
    assert test.p[1] == pytest.approx(wilcoxon(differences, method="asymptotic").pvalue)


def test_a_draw_of_zeros_alone_differs_in_nothing():
    test = signed_rank_test(np.array([0.0, 1.0]), np.array([[2.0, 0.0], [0.0, 2.0]]))
    assert list(test.lead) == [0, 3]
    assert list(test.p) == [1.0, 0.5]


def test_differences_equal_on_paper_are_tied():
    differences = np.array([0.9 - 0.8, 0.7 - 0.8, 0.4 - 0.3])
    assert len(set(np.abs(differences))) == 3  # as floating point has them
    assert _tested(differences) == (2, 1.0)
