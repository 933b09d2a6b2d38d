"""Exact tests of two fractions: of different cases by Fisher, and of the same cases by McNemar. Two-sided.

Fisher, On the interpretation of chi-squared from contingency tables, Journal of the Royal Statistical Society 1922;
McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 1947. Where two
methods saw the same cases, McNemar's is right, and Fisher's, which takes the cases for different ones, finds less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, fisher_exact


def fisher_exact_p(one_hits: int, other_hits: int, cases: int) -> float:
    """Return Fisher's exact p of two methods with so many hits in as many cases each; NaN without a case.

    >>> fisher_exact_p(6, 5, 7)
    1.0
    """
    if not cases:
        return float("nan")
    table = np.array([[one_hits, cases - one_hits], [other_hits, cases - other_hits]])
    return min(1.0, float(fisher_exact(table).pvalue))  # sums of probabilities may end a rounding error above 1


def mcnemar_exact_p(one: Sequence[bool], other: Sequence[bool]) -> float:
    """Return McNemar's exact p of the hits of two methods in the same cases.

    Args:
        one: Whether each case is a hit of one method.
        other: The same of the other.

    Returns:
        Binomial p of the cases in which they differ; 1 where they never do.

    Raises:
        ValueError: The two have different lengths.

    >>> mcnemar_exact_p([True, True, True, False], [False, False, False, False])  # 2 * 0.5 ** 3
    0.25
    """
    only_one = sum(here and not there for here, there in zip(one, other, strict=True))
    only_other = sum(there and not here for here, there in zip(one, other, strict=True))
    differing = only_one + only_other
    return float(binomtest(only_one, differing).pvalue) if differing else 1.0
