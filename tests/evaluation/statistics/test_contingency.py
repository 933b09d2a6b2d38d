"""Exact tests of two fractions, beside SciPy's and statsmodels' and the p values of a paper."""

import numpy as np
import pytest
from scipy.stats import hypergeom
from statsmodels.stats.contingency_tables import mcnemar

from hnseg.evaluation.statistics.contingency import fisher_exact_p, mcnemar_exact_p


@pytest.mark.parametrize(("one", "other"), [(6, 5), (6, 6)])
def test_published_captures_do_not_differ(one, other):
    """Kutnár et al. 2023: the network captured 6 of 7 points of origin, the threshold 5 and the GTV 6."""
    assert fisher_exact_p(one, other, 7) == 1.0


def test_fishers_p_by_hand():
    # Hits 3 of 3 and 0 of 3: of the 20 ways to place three hits among six, this and its mirror image are as extreme.
    assert fisher_exact_p(3, 0, 3) == pytest.approx(2 / 20)


@pytest.mark.parametrize("seed", range(30))
def test_p_is_that_of_the_hypergeometric_distribution_and_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.random((2, rng.integers(1, 40))) < rng.random((2, 1))
    hits, count = (one.sum(), other.sum()), len(one)
    # All tables with the same sums that are no likelier than this one.
    likelihoods = hypergeom(2 * count, hits[0] + hits[1], count).pmf(np.arange(count + 1))
    expected = likelihoods[likelihoods <= likelihoods[hits[0]] * (1 + 1e-7)].sum()
    assert fisher_exact_p(*hits, count) == pytest.approx(expected, rel=1e-9)
    table = [[np.sum(one & other), np.sum(one & ~other)], [np.sum(~one & other), np.sum(~one & ~other)]]
    assert mcnemar_exact_p(one.tolist(), other.tolist()) == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_cases_without_a_difference_and_without_a_case():
    assert mcnemar_exact_p([True, False], [True, False]) == 1.0
    assert mcnemar_exact_p([], []) == 1.0
    assert np.isnan(fisher_exact_p(0, 0, 0))


def test_methods_must_have_seen_the_same_cases():
    with pytest.raises(ValueError, match="shorter"):
        mcnemar_exact_p([True, False], [True])
