"""Bootstrap of a ranking: rank intervals and agreement over many draws of its cases.

Cases are drawn with replacement, as many as there are, and each with all of its structures, since structures of one
patient are not independent of each other. A draw is the number of times that each case and each item is in it.

Wiesenfarth et al., Methods and open-source toolkit for analyzing and visualizing challenge results, Sci Rep 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.ranking.scores_table import ScoresTable

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_TAILS_PERCENT = (2.5, 97.5)


@dataclass(frozen=True)
class Draws:
    """Numbers of times that each case and each item is in each of b draws.

    Attributes:
        cases: Numbers for cases, (b, cases), whole.
        items: Numbers for items, (b, n), whole.
    """

    cases: Array
    items: Array


def draw_cases(table: ScoresTable, rng: np.random.Generator, *, count: int) -> Draws:
    """Draw cases with all of their structures.

    Args:
        table: Scores of all teams.
        rng: Source of randomness.
        count: Number of draws; may be 0.

    >>> from hnseg.evaluation.ranking.methods import DSC
    >>> items = (("a", "Lips"), ("a", "Glottis"), ("b", "Lips"))
    >>> table = ScoresTable((DSC,), ("A", "B"), items, np.zeros((1, 2, 3)))
    >>> draws = draw_cases(table, np.random.default_rng(0), count=5)
    >>> draws.cases.sum(axis=1).tolist()  # as many cases in each draw as there are
    [2.0, 2.0, 2.0, 2.0, 2.0]
    >>> bool((draws.items == draws.cases[:, [0, 0, 1]]).all())  # both structures of case a together
    True
    """
    items_of_cases = table.items_of_cases()
    cases = rng.multinomial(len(items_of_cases), _evenly(len(items_of_cases)), size=count)
    items = np.zeros((count, len(table.items)))
    for case, own in enumerate(items_of_cases):
        items[:, own] = cases[:, case, None]
    return Draws(cases.astype(np.float64), items)


def draw_cases_and_structures(table: ScoresTable, rng: np.random.Generator, *, count: int) -> Draws:
    """Draw cases, and then from each drawn case as many of its structures as it has, with replacement too.

    Args:
        table: Scores of all teams.
        rng: Source of randomness.
        count: Number of draws; may be 0.
    """
    cases = draw_cases(table, rng, count=count).cases
    items = np.zeros((count, len(table.items)))
    for case, own in enumerate(table.items_of_cases()):
        items[:, own] = rng.multinomial(cases[:, case].astype(np.int64) * len(own), _evenly(len(own)))
    return Draws(cases, items)


RESAMPLINGS: dict[str, Callable[..., Draws]] = {
    "cases": draw_cases,
    "cases-and-structures": draw_cases_and_structures,
}
"""Ways of drawing, by the value of `--resample`."""


def rank_intervals(final: Integers) -> tuple[Integers, Integers]:
    """Return the interval of ranks that holds 95 % of the draws, for each team.

    Args:
        final: Ranks in each draw, (b, m), b at least 1.

    Returns:
        Lowest and highest rank, (m,) each; both occur in some draw.

    >>> final = np.array([[1, 2]] * 2 + [[2, 1]] * 98)  # each team has the other rank in only 2 of 100 draws
    >>> [ranks.tolist() for ranks in rank_intervals(final)]
    [[2, 1], [2, 1]]
    """
    low, high = np.percentile(final, _TAILS_PERCENT, axis=0, method="inverted_cdf")
    return low.astype(np.intp), high.astype(np.intp)


def rank_shares(final: Integers) -> Array:
    """Return the fraction of draws in which each team has each rank.

    Args:
        final: Ranks in each draw, (b, m), b at least 1.

    Returns:
        Fractions, (m, m): one row a team, rank 1 in the first column.

    >>> rank_shares(np.array([[1, 2], [1, 2], [2, 1], [1, 1]])).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    shares: Array = (final[:, :, None] == np.arange(1, final.shape[1] + 1)).mean(axis=0)
    return shares


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the final ranking and that of each draw.

    Attributes:
        mean: Mean over the draws, 1 when all agree; NaN where tau is defined for no draw.
        low: 2.5th percentile; NaN as the mean.
        high: 97.5th percentile; NaN as the mean.
        undefined: Number of draws without a tau, since all teams share one rank.
    """

    mean: float
    low: float
    high: float
    undefined: int


def agreement_of(final: Integers, ranking: Integers) -> Agreement:
    """Return the agreement of the rankings of draws with the ranking of all cases.

    Args:
        final: Ranks in each draw, (b, m).
        ranking: Ranks over all cases, (m,).

    >>> agreement = agreement_of(np.array([[1, 2], [1, 2], [2, 1], [1, 1]]), np.array([1, 2]))
    >>> round(agreement.mean, 3), agreement.undefined  # taus 1, 1 and -1, and a draw with one rank alone
    (0.333, 1)
    """
    taus = kendall_taus(final, ranking)
    defined = taus[~np.isnan(taus)]
    if not len(defined):
        return Agreement(np.nan, np.nan, np.nan, len(taus))
    low, high = np.percentile(defined, _TAILS_PERCENT)
    return Agreement(float(defined.mean()), float(low), float(high), len(taus) - len(defined))


def kendall_taus(final: Integers, ranking: Integers) -> Array:
    """Return Kendall's tau-b between each of many rankings and a single one.

    Args:
        final: Ranks in each draw, (b, m).
        ranking: Ranks to compare them with, (m,).

    Returns:
        From -1 to 1, (b,); NaN where one of the two rankings is all ties.

    >>> kendall_taus(np.array([[1, 2, 3], [3, 2, 1], [1, 3, 2]]), np.array([1, 2, 3])).round(3).tolist()
    [1.0, -1.0, 0.333]
    """
    one, other = np.triu_indices(final.shape[1], k=1)
    orders = np.sign(final[:, one] - final[:, other])
    order = np.sign(ranking[one] - ranking[other])
    norm = np.sqrt((orders != 0).sum(axis=1) * np.count_nonzero(order))
    taus: Array = np.divide(orders @ order, norm, out=np.full(len(final), np.nan), where=norm > 0)
    return taus


def _evenly(count: int) -> Array:
    return np.full(count, 1 / count)
