"""Every pair of teams compared by every metric, and the significance scores that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.ranking.methods import Metric, signs_of
from hnseg.evaluation.statistics.signed_rank import signed_rank_test

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Threshold:
    """When a difference is significant.

    Attributes:
        alpha: The chance of calling any of the corrected pairs different when none is.
        pairs_corrected: How many tests share alpha (Bonferroni).
    """

    alpha: float
    pairs_corrected: int


@dataclass(frozen=True)
class Comparisons:
    """All pairs by all metrics in each draw, (b, k, m, m).

    Attributes:
        p: Of each test; symmetric, 1 on the diagonal.
        p_corrected: The same after Bonferroni's correction.
        wins: True where the row's team is significantly better than the column's.
    """

    p: Array
    p_corrected: Array
    wins: npt.NDArray[np.bool_]

    @property
    def scores(self) -> npt.NDArray[np.intp]:
        """How many teams each team is significantly better than, (b, k, m)."""
        scores: npt.NDArray[np.intp] = self.wins.sum(axis=-1)
        return scores


def compare_teams(values: Array, metrics: Sequence[Metric], threshold: Threshold, weights: Array) -> Comparisons:
    """Test every pair of teams in every draw.

    Args:
        values: (k, m, n), finite; the n values of two teams are pairs.
        metrics: The k metrics.
        threshold: What is significant.
        weights: How often each of the n is in each draw, (b, n).
    """
    better = values * signs_of(metrics)[..., None]
    teams = range(values.shape[1])
    p = np.ones((len(weights), len(metrics), len(teams), len(teams)))
    leads = np.zeros_like(p)
    for k in range(len(metrics)):
        for one, other in combinations(teams, 2):
            test = signed_rank_test(better[k, one] - better[k, other], weights)
            p[:, k, one, other] = p[:, k, other, one] = test.p
            leads[:, k, one, other], leads[:, k, other, one] = test.lead, -test.lead
    corrected = np.minimum(p * threshold.pairs_corrected, 1.0)
    return Comparisons(p, corrected, (corrected < threshold.alpha) & (leads > 0))
