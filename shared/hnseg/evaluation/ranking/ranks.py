"""From significance scores to final ranks.

1. By each metric, the team with the highest score is first; equal scores share the smallest of their ranks (1, 1, 3).
2. A team's ranks by all metrics are added: the aggregate. The smallest aggregate is first.
3. Of teams with equal aggregates, one goes before another only if its mean is better by every metric, by more than
   rounding. Teams that this does not tell apart, directly or by way of a third, share the smallest of their ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.ranking.methods import Metric, signs_of

_DECIMALS = 9

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Ranks:
    """The ranks of m teams by k metrics, in one ranking or in many: the dots are nothing, or (b).

    Attributes:
        by_metric: (..., k, m).
        aggregate: (..., m).
        final: (..., m).
        is_shared: Whether the means could not settle a tie for the final rank, (..., m).
    """

    by_metric: Integers
    aggregate: Integers
    final: Integers
    is_shared: npt.NDArray[np.bool_]


def ranks_from_scores(scores: npt.ArrayLike, means: npt.ArrayLike, metrics: Sequence[Metric]) -> Ranks:
    """Rank teams by their significance scores.

    Args:
        scores: How many teams each is significantly better than, (..., k, m).
        means: The teams' mean values, (..., k, m); only they decide between equal aggregates.
        metrics: The k metrics.
    """
    by_metric = min_ranks(-np.asarray(scores))
    aggregate = by_metric.sum(axis=-2)
    goodness = np.round(np.asarray(means) * signs_of(metrics), _DECIMALS)
    better_means = (goodness[..., :, None] > goodness[..., None, :]).all(axis=-3)
    ahead = aggregate[..., :, None] - aggregate[..., None, :]
    goes_before = (ahead < 0) | ((ahead == 0) & better_means)
    together = _linked(~goes_before & ~goes_before.swapaxes(-1, -2))
    final = 1 + (goes_before & ~together).sum(axis=-2)
    return Ranks(by_metric, aggregate, final, together.sum(axis=-1) > 1)


def min_ranks(values: npt.NDArray[np.integer | np.floating]) -> Integers:
    """Return the ranks along the last axis, the smallest value first; equal ones share the smallest rank."""
    ranks: Integers = 1 + (values[..., None, :] < values[..., :, None]).sum(axis=-1)
    return ranks


def _linked(tied: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which are tied directly or through others, given which are directly, (..., m, m)."""
    for _ in range(tied.shape[-1].bit_length()):
        tied = tied @ tied
    return tied
