"""What ranking gives back: values whose names are the keys of the JSON file, and stay as they are.

```
method, alpha, pairs_corrected          how it was ranked; the latter is Bonferroni's number of tests for each metric
cases, structures                       how many
bootstrap.draws, .seed, .resampled      how the intervals were found; bootstrap is null without them
by_item, by_patient                     the challenge's ranking, over all structures of all cases; and the same over
                                        each case's mean over its structures. Both have these keys:
  compared                              how many values of a team were compared with those of another
  teams[].team, .rank, .is_shared       best first; is_shared where means could not settle a tie
  teams[].aggregate                     the sum of metric_ranks
  teams[].significance_scores.DSC       how many teams it is significantly better than, by metric
  teams[].metric_ranks.DSC
  teams[].means.DSC, .HD95_mm           the mean over structures of each structure's mean; the same in both rankings
  teams[].bootstrap.rank_low, .rank_high    95 % of the draws have a rank from low to high; null without bootstrap
  teams[].bootstrap.rank_shares[]       the fraction of draws with rank 1, 2, ...
  pairs[].metric, .team, .other         every pair, once for each metric
  pairs[].p, .p_corrected               two-sided; times pairs_corrected, at most 1
  pairs[].better                        the significantly better team, or null
  kendall_tau.mean, .low, .high         tau-b of each draw's ranking with this one; 2.5th and 97.5th percentile
  kendall_tau.undefined                 draws that have none because all teams share one rank
notes[]                                 what was done to values, and what to keep in mind, a sentence each
```

Metrics bear their unit where they have one; the others are fractions from 0 to 1. What is not defined is null.
"""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.ranking.methods import Metric
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen, MaybeNumber


class TeamBootstrap(Frozen):
    """The ranks a team has when cases are drawn anew."""

    rank_low: int
    rank_high: int
    rank_shares: tuple[float, ...]


class TeamRank(Frozen):
    """A team's place and what it rests on."""

    team: str
    rank: int
    is_shared: bool
    aggregate: int
    significance_scores: dict[str, int]
    metric_ranks: dict[str, int]
    means: dict[str, float]
    bootstrap: TeamBootstrap | None

    @property
    def rank_text(self) -> str:
        """The rank, with a star where it is shared."""
        return f"{self.rank}*" if self.is_shared else str(self.rank)


class PairComparison(Frozen):
    """Two teams by one metric."""

    metric: str
    team: str
    other: str
    p: float
    p_corrected: float
    better: str | None


class KendallTau(Frozen):
    """How well the rankings of the draws agree with the one of all cases."""

    mean: MaybeNumber
    low: MaybeNumber
    high: MaybeNumber
    undefined: int


class Ranking(Frozen):
    """A ranking of the teams by one kind of value."""

    compared: int
    teams: tuple[TeamRank, ...]
    pairs: tuple[PairComparison, ...]
    kendall_tau: KendallTau | None


class Bootstrap(Frozen):
    """How the cases were drawn anew."""

    draws: int
    seed: int
    resampled: str


class RankingReport(Frozen):
    """The ranking of a challenge's teams, and how sure it is."""

    method: str
    alpha: float
    pairs_corrected: int
    cases: int
    structures: int
    bootstrap: Bootstrap | None
    by_item: Ranking
    by_patient: Ranking
    notes: tuple[str, ...]


def ranking_table(report: RankingReport, metrics: Sequence[Metric]) -> Table:
    """Return one row a team, best first; a star marks a shared rank."""
    of_metrics = tuple(f"{letter} {metric.name}" for metric in metrics for letter in "SR")
    means = tuple(f"mean {metric.title}" for metric in metrics)
    headings = ("team", *of_metrics, "A", "rank", *means, "rank 95 %", "by patients", "95 %")
    by_patient = {team.team: team for team in report.by_patient.teams}
    rows = tuple(_row(team, by_patient[team.team], metrics) for team in report.by_item.teams)
    return Table(headings=headings, rows=rows)


def _row(team: TeamRank, by_patient: TeamRank, metrics: Sequence[Metric]) -> tuple[str, ...]:
    of_metrics = (
        str(values[metric.name]) for metric in metrics for values in (team.significance_scores, team.metric_ranks)
    )
    means = (f"{team.means[metric.key]:.{metric.decimals}f}" for metric in metrics)
    return (
        team.team,
        *of_metrics,
        str(team.aggregate),
        team.rank_text,
        *means,
        _interval(team),
        by_patient.rank_text,
        _interval(by_patient),
    )


def _interval(team: TeamRank) -> str:
    if team.bootstrap is None:
        return "-"
    return f"{team.bootstrap.rank_low} to {team.bootstrap.rank_high}"
