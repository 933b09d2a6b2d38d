"""Ranks teams by Borda counts of numbers over all cases: counts of ranks within a group, then a count over the groups.

By each measure, the team with the highest value is first; equal values share the smallest of their ranks (1, 1, 3). Of
n teams, one of rank r has n - r points. Points by the measures of a group are added and make the group's rank, in the
same way; points by the groups are added and make the final rank. Equal sums share the smallest rank: nothing breaks a
tie.
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
    """A number over all cases, more is better.

    Attributes:
        structure: Of what.
        metric: Its key in a score report.
    """

    structure: str
    metric: str

    @property
    def name(self) -> str:
        """As score files and tables call it."""
        return f"{self.structure}.{self.metric}"


@dataclass(frozen=True)
class BordaMethod:
    """A challenge's ranking.

    Attributes:
        name: What `--method` calls it.
        challenge: Whose score reports it ranks.
        edition: By which of the challenge's rules.
        groups: The measures of each; each group counts alike.
    """

    name: str
    challenge: str
    edition: str
    groups: Mapping[str, tuple[Measure, ...]]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those of all groups."""
        return tuple(measure for group in self.groups.values() for measure in group)


@dataclass(frozen=True)
class BordaRanks:
    """The ranks of m teams.

    Attributes:
        by_measure: By the measure's name, (m,).
        by_group: By the group's name, (m,).
        points: Sums over the groups, (m,).
        final: (m,).
    """

    by_measure: Mapping[str, Integers]
    by_group: Mapping[str, Integers]
    points: Integers
    final: Integers


def borda_ranks(values: Mapping[str, Sequence[float]], method: BordaMethod) -> BordaRanks:
    """Rank m teams.

    Args:
        values: Of each of the method's measures by name, (m,); finite.
        method: Which measures, in which groups.
    """
    by_measure = {m.name: min_ranks(-np.round(np.asarray(values[m.name]), _DECIMALS)) for m in method.measures}
    by_group = {
        name: min_ranks(-_points([by_measure[measure.name] for measure in group]))
        for name, group in method.groups.items()
    }
    points = _points(list(by_group.values()))
    return BordaRanks(by_measure, by_group, points, min_ranks(-points))


def _points(ranks: Sequence[Integers]) -> Integers:
    """Return the sums of the points that ranks are worth."""
    points: Integers = sum((len(of_each) - of_each for of_each in ranks), start=np.zeros(len(ranks[0]), np.intp))
    return points
