"""Final ranks from significance scores, as HaN-Seg 2023 derives them.

1. By each metric, the team with the highest score is first; equal scores share the smallest of their ranks (1, 1, 3).
2. A team's ranks by all metrics are added: the aggregate. The smallest aggregate is first.
3. Of teams with equal aggregates, one goes before another only if its mean is better by every metric, by more than
   rounding. Teams that this does not separate, directly or by way of a third, share the smallest of their ranks.

Podobnik et al., Radiother Oncol 2024.
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
    """Ranks of m teams by k metrics, in one ranking or in b of them: the dots are nothing, or b.

    Attributes:
        by_metric: Ranks by each metric, (..., k, m).
        aggregate: Sums of these ranks, (..., m).
        final: Final ranks, (..., m).
        is_shared: Whether the means could not settle a tie for the final rank, (..., m).
    """

    by_metric: Integers
    aggregate: Integers
    final: Integers
    is_shared: npt.NDArray[np.bool_]


def ranks_from_scores(scores: npt.ArrayLike, means: npt.ArrayLike, metrics: Sequence[Metric]) -> Ranks:
    """Rank teams by their significance scores.

    Args:
        scores: Significance scores, the number of teams that each team is significantly better than, (..., k, m).
        means: Mean values of the teams, (..., k, m); they decide between equal aggregates.
        metrics: The k metrics.

    >>> from hnseg.evaluation.ranking.methods import DSC, HD95
    >>> ranks = ranks_from_scores([[2, 0, 0], [1, 1, 0]], [[0.8, 0.7, 0.6], [2, 3, 4]], (DSC, HD95))
    >>> ranks.by_metric.tolist(), ranks.aggregate.tolist(), ranks.final.tolist()
    ([[1, 2, 2], [1, 1, 3]], [2, 3, 5], [1, 2, 3])
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
    """Return the ranks along the last axis, the smallest value first; equal values share the smallest rank.

    >>> min_ranks(np.array([5, 2, 2, 9])).tolist()
    [3, 1, 1, 4]
    """
    ranks: Integers = 1 + (values[..., None, :] < values[..., :, None]).sum(axis=-1)
    return ranks


def _linked(tied: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the teams that are tied directly or through others, given those tied directly, (..., m, m) each."""
    for _ in range(tied.shape[-1].bit_length()):
        tied = tied @ tied
    return tied
