"""Wilcoxon's signed-rank test for paired values, two-sided, for many draws from one sample at once.

Differences of zero are dropped, as Wilcoxon did, and equal ones share their mean rank. Differences are rounded to
1e-9 first, so that two that are equal on paper (0.9 - 0.8 and 0.8 - 0.7) are ties here too. Without any difference
p = 1.

Up to 25 differences p is exact: the fraction of all 2^n choices of signs that give rank sums at least as far apart,
tied or not. Above, it comes from the normal approximation with the variance corrected for ties and without continuity
correction. The limit is fixed here, so that p does not change with the version of a library.

Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1945.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

LARGEST_EXACT = 25
"""Largest number of differences for which p is exact."""

_DECIMALS = 9

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SignedRanks:
    """Results of the test in b draws.

    Attributes:
        lead: Sum of the ranks of the positive differences less that of the negative ones, (b,).
        p: Two-sided p values, (b,).
    """

    lead: Array
    p: Array


@dataclass(frozen=True)
class _Ties:
    """Differences of each draw in g groups of equal absolute value, smallest first.

    Attributes:
        counts: Number of differences in each group, (b, g); may be 0.
        positive: Number of positive differences among them, (b, g).
    """

    counts: Array
    positive: Array

    @property
    def n(self) -> Array:
        """Number of differences of each draw, (b,)."""
        n: Array = self.counts.sum(axis=1)
        return n

    @property
    def rank_sum(self) -> Array:
        """Sum of all ranks, (b,)."""
        return self.n * (self.n + 1) / 2

    @property
    def mean_ranks(self) -> Array:
        """Mean rank of each group, (b, g); multiples of 1/2."""
        return np.cumsum(self.counts, axis=1) - (self.counts - 1) / 2

    @property
    def lead(self) -> Array:
        """Positive less negative rank sum, (b,)."""
        lead: Array = 2 * (self.positive * self.mean_ranks).sum(axis=1) - self.rank_sum
        return lead


def signed_rank_test(differences: Array, weights: Array) -> SignedRanks:
    """Return Wilcoxon's signed-rank test of b draws from one sample.

    Args:
        differences: Differences of the n pairs, (n,), finite.
        weights: Number of times that each difference is in each draw, (b, n), whole; ones test the sample itself.

    >>> test = signed_rank_test(np.array([0.3, 0.1, 0.2, -0.4, 0.0]), np.ones((1, 5)))
    >>> test.lead.item()  # ranks 3 + 1 + 2 of the positive differences less 4
    2.0
    >>> test.p.item()  # 14 of the 16 choices of signs give rank sums 2 or more apart
    0.875
    """
    differences = np.round(differences, _DECIMALS)
    order = np.argsort(np.abs(differences), kind="stable")
    order = order[differences[order] != 0]
    if not len(order):
        return SignedRanks(np.zeros(len(weights)), np.ones(len(weights)))
    ordered, counts = differences[order], weights[:, order]
    first_of_tie = np.flatnonzero(np.diff(np.abs(ordered), prepend=0.0))
    ties = _Ties(
        np.add.reduceat(counts, first_of_tie, axis=1), np.add.reduceat(counts * (ordered > 0), first_of_tie, axis=1)
    )
    p = _approximate_p(ties)
    is_small = ties.n <= LARGEST_EXACT
    if is_small.any():
        p[is_small] = _exact_p(_Ties(ties.counts[is_small], ties.positive[is_small]))
    return SignedRanks(ties.lead, p)


def _approximate_p(ties: _Ties) -> Array:
    n = ties.n
    variance = (n * (n + 1) * (2 * n + 1) - (ties.counts**3 - ties.counts).sum(axis=1) / 2) / 24
    # The lead is twice the distance of the positive rank sum from its mean; a draw may hold nothing but zeros.
    z = np.divide(ties.lead / 2, np.sqrt(variance), out=np.zeros_like(n), where=variance > 0)
    p: Array = 2 * ndtr(-np.abs(z))
    return p


def _exact_p(ties: _Ties) -> Array:
    ranks = _doubled_ranks(ties)
    largest = int(2 * ties.rank_sum.max())
    sums = np.arange(largest + 1)
    # Chance of each doubled positive rank sum, one difference more in each round: its rank is added or is not.
    chance = np.zeros((len(ranks), largest + 1))
    chance[:, 0] = 1
    for rank in ranks.T:
        before = sums - rank[:, None]
        added = np.where(before >= 0, np.take_along_axis(chance, np.maximum(before, 0), axis=1), 0)
        chance = (chance + added) / 2
    observed = ties.rank_sum + np.abs(ties.lead)
    p: Array = np.minimum(2 * np.where(sums >= observed[:, None], chance, 0).sum(axis=1), 1)
    return p


def _doubled_ranks(ties: _Ties) -> npt.NDArray[np.intp]:
    """Return twice the rank of each single difference, (b, largest n); 0 beyond a draw's own number."""
    position = np.arange(int(ties.n.max()))
    group = (np.cumsum(ties.counts, axis=1)[:, None, :] <= position[:, None]).sum(axis=-1)
    ranks = np.take_along_axis(2 * ties.mean_ranks, np.minimum(group, ties.counts.shape[1] - 1), axis=1)
    return np.where(position < ties.n[:, None], ranks, 0).astype(np.intp)
