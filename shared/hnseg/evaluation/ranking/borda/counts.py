"""Borda counts of numbers over all cases: counts of ranks within a group, then a count over the groups.

By each measure, the team with the highest value is first; equal values share the smallest of their ranks (1, 1, 3). Of
n teams, one of rank r has n - r points. Points by the measures of a group are added and make the group's rank, in the
same way; points by the groups are added and make the final rank. Equal sums share the smallest rank: nothing breaks a
tie. Source: hecktor25.grand-challenge.org/tasks-and-evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.ranking.ranks import min_ranks

_DECIMALS = 9  # the last digits of a sum of floats don't make a better team

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Measure:
    """Measure over all cases; a higher value is better.

    Attributes:
        structure: Name of the structure.
        metric: Key of the metric in a score report.
    """

    structure: str
    metric: str

    @property
    def name(self) -> str:
        """Name in score files and tables, such as GTVp.mean_dsc."""
        return f"{self.structure}.{self.metric}"


@dataclass(frozen=True)
class BordaMethod:
    """Ranking method of a challenge by Borda counts.

    Attributes:
        name: Value of `--method`.
        challenge: Name of the challenge of the score reports.
        edition: Edition of the challenge's rules.
        groups: Measures by the name of their group; each group counts alike.
    """

    name: str
    challenge: str
    edition: str
    groups: Mapping[str, tuple[Measure, ...]]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Measures of all groups."""
        return tuple(measure for group in self.groups.values() for measure in group)


@dataclass(frozen=True)
class BordaRanks:
    """Ranks of m teams.

    Attributes:
        by_measure: Ranks by each measure, by its name, (m,).
        by_group: Ranks by each group, by its name, (m,).
        points: Sums of points over the groups, (m,).
        final: Final ranks, (m,).
    """

    by_measure: Mapping[str, Integers]
    by_group: Mapping[str, Integers]
    points: Integers
    final: Integers


def borda_ranks(values: Mapping[str, Sequence[float]], method: BordaMethod) -> BordaRanks:
    """Rank m teams.

    Args:
        values: Values of each of the method's measures by name, (m,); finite.
        method: Measures in their groups.

    >>> groups = {"GTVp": (Measure("GTVp", "dsc"),), "GTVn": (Measure("GTVn", "dsc"), Measure("GTVn", "f1"))}
    >>> method = BordaMethod("example", "hecktor", "2025", groups)
    >>> values = {"GTVp.dsc": [0.9, 0.8, 0.7], "GTVn.dsc": [0.5, 0.8, 0.7], "GTVn.f1": [0.5, 0.7, 0.6]}
    >>> ranks = borda_ranks(values, method)
    >>> [ranks.by_group[name].tolist() for name in groups]  # by nodes 0 + 0, 2 + 2 and 1 + 1 points
    [[1, 2, 3], [3, 1, 2]]
    >>> ranks.points.tolist(), ranks.final.tolist()  # 2 + 0, 1 + 2 and 0 + 1 points
    ([2, 3, 1], [2, 1, 3])
    """
    by_measure = {m.name: min_ranks(-np.round(np.asarray(values[m.name]), _DECIMALS)) for m in method.measures}
    by_group = {
        name: min_ranks(-_points([by_measure[measure.name] for measure in group]))
        for name, group in method.groups.items()
    }
    points = _points(list(by_group.values()))
    return BordaRanks(by_measure, by_group, points, min_ranks(-points))


def _points(ranks: Sequence[Integers]) -> Integers:
    """Return the points of m teams, (m,), from their ranks by each measure or group, (m,) each."""
    points: Integers = sum((len(ranking) - ranking for ranking in ranks), start=np.zeros(len(ranks[0]), np.intp))
    return points
