"""What ranking by Borda counts gives back: values whose names are the keys of the JSON file, and stay as they are.

```
method, challenge, edition              how it was ranked, and what
teams[].team, .rank                     best first; teams of equal rank by name
teams[].points                          the sum of its groups' points
teams[].groups.GTVn.rank, .points       within a group; the latter are worth the rank
teams[].measures.GTVp.mean_dsc.value    what was measured; the key is the whole "GTVp.mean_dsc"
teams[].measures.GTVp.mean_dsc.rank, .points
```

Of n teams, one of rank r gets n - r points.
"""

from __future__ import annotations

from hnseg.evaluation.ranking.borda.counts import BordaMethod, borda_ranks
from hnseg.evaluation.ranking.borda.measures_file import Measures
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen


class GroupPlace(Frozen):
    """A team's place in a group of measures."""

    rank: int
    points: int


class MeasurePlace(GroupPlace):
    """A team's place by one measure."""

    value: float


class BordaTeam(Frozen):
    """A team's place and what it rests on."""

    team: str
    rank: int
    points: int
    groups: dict[str, GroupPlace]
    measures: dict[str, MeasurePlace]


class BordaReport(Frozen):
    """The ranking of a challenge's teams."""

    method: str
    challenge: str
    edition: str
    teams: tuple[BordaTeam, ...]


def rank_by_borda(measures: Measures, method: BordaMethod) -> BordaReport:
    """Rank the teams."""
    ranks = borda_ranks(measures.values, method)
    teams = []
    for m, team in enumerate(measures.teams):
        of_groups = {name: int(of_group[m]) for name, of_group in ranks.by_group.items()}
        of_measures = {name: int(of_measure[m]) for name, of_measure in ranks.by_measure.items()}
        count = len(measures.teams)
        teams.append(
            BordaTeam(
                team=team,
                rank=int(ranks.final[m]),
                points=int(ranks.points[m]),
                groups={name: GroupPlace(rank=rank, points=count - rank) for name, rank in of_groups.items()},
                measures={
                    name: MeasurePlace(rank=rank, points=count - rank, value=measures.values[name][m])
                    for name, rank in of_measures.items()
                },
            )
        )
    return BordaReport(
        method=method.name,
        challenge=method.challenge,
        edition=method.edition,
        teams=tuple(sorted(teams, key=lambda team: (team.rank, team.team))),
    )


def borda_table(report: BordaReport) -> Table:
    """Return one row a team, best first: its measures, each with the rank in brackets, and its ranks by group."""
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
