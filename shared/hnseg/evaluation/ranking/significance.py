"""Significance scores: every pair of teams compared by every metric with Wilcoxon's signed-rank test."""

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
    """Condition under which a difference is significant.

    Attributes:
        alpha: Chance of calling any of the corrected pairs different when none is.
        pairs_corrected: Number of tests that share alpha (Bonferroni).
    """

    alpha: float
    pairs_corrected: int


@dataclass(frozen=True)
class Comparisons:
    """Tests of all pairs of teams by all metrics in each draw, (b, k, m, m).

    Attributes:
        p: p values; symmetric, 1 on the diagonal.
        p_corrected: p values after Bonferroni's correction, at most 1.
        wins: True where the row's team is significantly better than the column's.
    """

    p: Array
    p_corrected: Array
    wins: npt.NDArray[np.bool_]

    @property
    def scores(self) -> npt.NDArray[np.intp]:
        """Number of teams that each team is significantly better than, (b, k, m)."""
        scores: npt.NDArray[np.intp] = self.wins.sum(axis=-1)
        return scores


def compare_teams(values: Array, metrics: Sequence[Metric], threshold: Threshold, weights: Array) -> Comparisons:
    """Test every pair of teams in every draw.

    Args:
        values: Values of all teams, (k, m, n), finite; the n values of two teams are pairs.
        metrics: The k metrics.
        threshold: Condition of a significant difference.
        weights: Number of times that each of the n is in each draw, (b, n), whole.

    >>> from hnseg.evaluation.ranking.methods import DSC
    >>> values = np.array([[[0.7, 0.8, 0.9, 0.7, 0.8, 0.9], [0.6, 0.6, 0.6, 0.5, 0.5, 0.5]]])
    >>> comparisons = compare_teams(values, (DSC,), Threshold(0.05, 1), np.ones((1, 6)))
    >>> comparisons.p[0, 0, 0, 1].item(), comparisons.scores.tolist()  # better in all of six: 2 / 2**6
    (0.03125, [[[1, 0]]])
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
