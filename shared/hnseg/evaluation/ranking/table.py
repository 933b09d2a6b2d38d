"""A ranking as a table."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.ranking.methods import Metric
from hnseg.evaluation.ranking.report import RankingReport, TeamRank
from hnseg.evaluation.tables import Table


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
