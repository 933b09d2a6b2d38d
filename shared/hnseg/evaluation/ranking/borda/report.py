"""Report of a ranking by Borda counts: values whose names are the keys of its JSON file, and stay as they are.

```
method, challenge, edition              ranking method, challenge and edition of its rules
teams[].team, .rank                     best first; teams of equal rank by name
teams[].points                          sum of the points by group
teams[].groups.GTVn.rank, .points       rank within a group and its points
teams[].measures.GTVp.mean_dsc.value    value of a measure; the key is the whole "GTVp.mean_dsc"
teams[].measures.GTVp.mean_dsc.rank, .points    rank by that value and its points
```

Of n teams, one of rank r gets n - r points.
"""

from __future__ import annotations

from hnseg.evaluation.ranking.borda.counts import BordaMethod, BordaRanks, borda_ranks
from hnseg.evaluation.ranking.borda.measures_file import Measures
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen


class GroupPlace(Frozen):
    """Rank and points of a team in a group of measures."""

    rank: int
    points: int


class MeasurePlace(GroupPlace):
    """Rank and points of a team by one measure, with its value."""

    value: float


class BordaTeam(Frozen):
    """Rank of a team, and the numbers behind it."""

    team: str
    rank: int
    points: int
    groups: dict[str, GroupPlace]
    measures: dict[str, MeasurePlace]


class BordaReport(Frozen):
    """Ranking of a challenge's teams by Borda counts."""

    method: str
    challenge: str
    edition: str
    teams: tuple[BordaTeam, ...]


def rank_by_borda(measures: Measures, method: BordaMethod) -> BordaReport:
    """Rank the teams by Borda counts.

    Args:
        measures: Numbers of all teams.
        method: Measures in their groups.

    >>> from hnseg.evaluation.ranking.borda.counts import Measure
    >>> method = BordaMethod("example", "hecktor", "2025", {"GTVp": (Measure("GTVp", "dsc"),)})
    >>> report = rank_by_borda(Measures(("A", "B"), {"GTVp.dsc": (0.5, 0.75)}), method)
    >>> [(team.team, team.rank, team.points) for team in report.teams]
    [('B', 1, 1), ('A', 2, 0)]
    """
    ranks = borda_ranks(measures.values, method)
    teams = [_borda_team(m, measures, ranks) for m in range(len(measures.teams))]
    return BordaReport(
        method=method.name,
        challenge=method.challenge,
        edition=method.edition,
        teams=tuple(sorted(teams, key=lambda team: (team.rank, team.team))),
    )


def borda_table(report: BordaReport) -> Table:
    """Return the table of a ranking: one row a team, best first.

    A row has the team's measures, each with its rank in brackets, and its ranks by group, its points and final rank.
    """
    first = report.teams[0]
    headings = ("team", *first.measures, *(f"rank {group}" for group in first.groups), "points", "rank")
    rows = tuple(
        (
            team.team,
            *(f"{place.value:.4f} ({place.rank})" for place in team.measures.values()),
            *(str(place.rank) for place in team.groups.values()),
            str(team.points),
            str(team.rank),
        )
        for team in report.teams
    )
    return Table(headings, rows)


def _borda_team(m: int, measures: Measures, ranks: BordaRanks) -> BordaTeam:
    count = len(measures.teams)
    group_ranks = {name: int(ranking[m]) for name, ranking in ranks.by_group.items()}
    measure_ranks = {name: int(ranking[m]) for name, ranking in ranks.by_measure.items()}
    return BordaTeam(
        team=measures.teams[m],
        rank=int(ranks.final[m]),
        points=int(ranks.points[m]),
        groups={name: GroupPlace(rank=rank, points=count - rank) for name, rank in group_ranks.items()},
        measures={
            name: MeasurePlace(rank=rank, points=count - rank, value=measures.values[name][m])
            for name, rank in measure_ranks.items()
        },
    )
