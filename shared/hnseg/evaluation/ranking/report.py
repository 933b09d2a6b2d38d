"""Report of a ranking by significance: values whose names are the keys of its JSON file, and stay as they are.

```
method, alpha, pairs_corrected          method and significance; the last is Bonferroni's number of tests a metric
cases, structures                       numbers of cases and structures
bootstrap.draws, .seed, .resampled      settings of the bootstrap; bootstrap is null without one
by_item, by_patient                     the challenge's ranking, over all structures of all cases; and the same over
                                        each case's mean over its structures. Both have these keys:
  compared                              number of values of a team that were compared with those of another
  teams[].team, .rank, .is_shared       best first; is_shared where means could not settle a tie
  teams[].aggregate                     the sum of metric_ranks
  teams[].significance_scores.DSC       number of teams it is significantly better than, by metric
  teams[].metric_ranks.DSC              rank by that number
  teams[].means.DSC, .HD95_mm           the mean over structures of each structure's mean; the same in both rankings
  teams[].bootstrap.rank_low, .rank_high    95 % of the draws have a rank from low to high; null without bootstrap
  teams[].bootstrap.rank_shares[]       the fraction of draws with rank 1, 2, ...
  pairs[].metric, .team, .other         every pair, once for each metric
  pairs[].p, .p_corrected               two-sided; times pairs_corrected, at most 1
  pairs[].better                        the significantly better team, or null
  kendall_tau.mean, .low, .high         tau-b of each draw's ranking with this one; 2.5th and 97.5th percentile
  kendall_tau.undefined                 number of draws without a tau, since all teams share one rank
notes[]                                 changes made to values, and cautions, a sentence each
```

Metrics bear their unit where they have one; the others are fractions from 0 to 1. An undefined value is null.
"""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.ranking.methods import Metric
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen, MaybeNumber


class TeamBootstrap(Frozen):
    """Ranks of a team over the draws of the bootstrap."""

    rank_low: int
    rank_high: int
    rank_shares: tuple[float, ...]


class TeamRank(Frozen):
    """Rank of a team, and the numbers behind it."""

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
        """Rank as text, with a star where it is shared."""
        return f"{self.rank}*" if self.is_shared else str(self.rank)


class PairComparison(Frozen):
    """Test of two teams by one metric."""

    metric: str
    team: str
    other: str
    p: float
    p_corrected: float
    better: str | None


class KendallTau(Frozen):
    """Agreement of the rankings of the draws with the ranking of all cases."""

    mean: MaybeNumber
    low: MaybeNumber
    high: MaybeNumber
    undefined: int


class Ranking(Frozen):
    """Ranking of the teams by one kind of value."""

    compared: int
    teams: tuple[TeamRank, ...]
    pairs: tuple[PairComparison, ...]
    kendall_tau: KendallTau | None


class Bootstrap(Frozen):
    """Settings of the bootstrap."""

    draws: int
    seed: int
    resampled: str


class RankingReport(Frozen):
    """Rankings of a challenge's teams by item and by patient, with their bootstrap."""

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
    """Return the table of a ranking: one row a team, best first; a star marks a shared rank."""
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
