"""Correlations with their p values, beside scipy's and by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr, t

from hnseg.evaluation.statistics.correlation import pearson, spearman


def test_r_and_p_by_the_textbook():
    rng = np.random.default_rng(0)
    one = rng.normal(size=30)
    other = 0.5 * one + rng.normal(size=30)
    r = np.corrcoef(one, other)[0, 1]
    found = pearson(one, other)
    assert found.r == pytest.approx(r)
    assert found.p == pytest.approx(2 * t.sf(abs(r) * np.sqrt(28 / (1 - r**2)), 28))
    assert found.count == 30


def test_spearman_is_scipys_ties_included():
    one, other = [1, 2, 2, 3, 5, 4], [0.1, 0.4, 0.3, 0.3, 0.9, 0.2]
    found, expected = spearman(one, other), spearmanr(one, other)
    assert (found.r, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_undefined_values_leave_a_case_out_and_infinite_ones_only_with_pearson():
    one, other = [1, 2, 3, 4, 5], [1, 3, float("nan"), 2, float("inf")]
    assert pearson(one, other).count == 3
    assert spearman(one, other).count == 4


@pytest.mark.parametrize("one", [[1, 2], [2, 2, 2]])
@pytest.mark.parametrize("correlation", [pearson, spearman])
def test_too_few_cases_or_a_constant_are_undefined(one, correlation):
    found = correlation(one, np.arange(len(one)))
    assert np.isnan(found.r)
    assert np.isnan(found.p)
