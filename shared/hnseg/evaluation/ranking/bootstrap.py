"""How a ranking changes when its cases are drawn anew.

Cases are drawn with replacement, as many as there are, and each brings all of its structures with it: structures of one
patient are not independent of each other. A draw is the number of times that each case and each item is in it.
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
    """How often each case, (b, cases), and each item, (b, n), is in each of b draws."""

    cases: Array
    items: Array


def draw_cases(table: ScoresTable, rng: np.random.Generator, *, count: int) -> Draws:
    """Draw cases with all of their structures."""
    items_of_cases = table.items_of_cases()
    cases = rng.multinomial(len(items_of_cases), _evenly(len(items_of_cases)), size=count)
    items = np.zeros((count, len(table.items)))
    for case, own in enumerate(items_of_cases):
        items[:, own] = cases[:, case, None]
    return Draws(cases.astype(np.float64), items)


def draw_cases_and_structures(table: ScoresTable, rng: np.random.Generator, *, count: int) -> Draws:
    """Draw cases, and then from each drawn case as many of its structures as it has, with replacement too."""
    cases = draw_cases(table, rng, count=count).cases
    items = np.zeros((count, len(table.items)))
    for case, own in enumerate(table.items_of_cases()):
        items[:, own] = rng.multinomial(cases[:, case].astype(np.int64) * len(own), _evenly(len(own)))
    return Draws(cases, items)


RESAMPLINGS: dict[str, Callable[..., Draws]] = {
    "cases": draw_cases,
    "cases-and-structures": draw_cases_and_structures,
}


def rank_intervals(final: Integers) -> tuple[Integers, Integers]:
    """Return between which ranks each team is in 95 % of the draws; both are ranks that occur.

    Args:
        final: Ranks, (b, m).

    Returns:
        The lowest and the highest rank, (m,) each.
    """
    low, high = np.percentile(final, _TAILS_PERCENT, axis=0, method="inverted_cdf")
    return low.astype(np.intp), high.astype(np.intp)


def rank_shares(final: Integers) -> Array:
    """Return in which share of the draws each team has each rank.

    Args:
        final: Ranks, (b, m).

    Returns:
        Fractions, (m, m): the team's row, and rank 1 in the first column.
    """
    shares: Array = (final[:, :, None] == np.arange(1, final.shape[1] + 1)).mean(axis=0)
    return shares


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the final ranking and that of each draw.

    Attributes:
        mean: 1 when all agree; NaN where tau is defined for no draw.
        low: 2.5th percentile.
        high: 97.5th percentile.
        undefined: Draws that have no tau since all teams share one rank.
    """

    mean: float
    low: float
    high: float
    undefined: int


def agreement_of(final: Integers, ranking: Integers) -> Agreement:
    """Return how well the rankings of the draws, (b, m), agree with the one of all cases, (m,)."""
    taus = kendall_taus(final, ranking)
    defined = taus[~np.isnan(taus)]
    if not len(defined):
        return Agreement(np.nan, np.nan, np.nan, len(taus))
    low, high = np.percentile(defined, _TAILS_PERCENT)
    return Agreement(float(defined.mean()), float(low), float(high), len(taus) - len(defined))


def kendall_taus(final: Integers, ranking: Integers) -> Array:
    """Return Kendall's tau-b between each row of ranks, (b, m), and one ranking, (m,); NaN where either is all ties."""
    one, other = np.triu_indices(final.shape[1], k=1)
    orders = np.sign(final[:, one] - final[:, other])
    order = np.sign(ranking[one] - ranking[other])
    norm = np.sqrt((orders != 0).sum(axis=1) * np.count_nonzero(order))
    taus: Array = np.divide(orders @ order, norm, out=np.full(len(final), np.nan), where=norm > 0)
    return taus


def _evenly(count: int) -> Array:
    return np.full(count, 1 / count)
