"""Tables for a terminal and for a report."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

import rich.box
from rich.table import Table as RichTable

from hnseg.evaluation.report import CaseScore, Metrics, ScoreReport
from hnseg.records import MaybeNumber

UNDEFINED = "undefined"


@dataclass(frozen=True)
class Table:
    """Rows of text under headings: first the columns that name a row, then numbers."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    naming_columns: int = 1

    def for_terminal(self) -> RichTable:
        """Return it as rich prints it."""
        table = RichTable(box=rich.box.SIMPLE_HEAD)
        for column, heading in enumerate(self.headings):
            table.add_column(heading, justify="left" if column < self.naming_columns else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def as_markdown(self) -> str:
        """Return it as Markdown."""
        rule = tuple("---" if column < self.naming_columns else "---:" for column in range(len(self.headings)))
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (self.headings, rule, *self.rows))


def structures_table(report: ScoreReport) -> Table:
    """Return one row a structure, with its values over all cases.

    Where the challenge sums structures up, a mean and its standard deviation share a column, as in its publications,
    and two rows over all structures end the table; fractions are percent.
    """
    if _summed_up(report):
        return _summed_up_table(report)
    return _table(("structure",), {(name,): metrics for name, metrics in report.structures.items()})


def cases_table(report: ScoreReport) -> Table:
    """Return one row a structure of a case; one a case where the challenge sums structures up."""
    if _summed_up(report):
        return _case_means_table(report)
    rows: dict[tuple[str, ...], Metrics] = {
        (case.name, name): metrics for case in report.cases for name, metrics in case.structures.items()
    }
    return _table(("case", "structure"), rows)


def parts_table(report: ScoreReport) -> Table | None:
    """Return one row for each number that a score is made of; None where there is none beyond the structures'."""
    if _summed_up(report) or not report.overall:
        return None
    rows = tuple((name.replace("_", " "), _shown(name, value)) for name, value in report.overall.items())
    return Table(("over all cases", "value"), rows)


def _summed_up_table(report: ScoreReport) -> Table:
    metrics = _summed_up(report)
    columns = {f"{kind}_{metric}" for metric in metrics for kind in ("mean", "sd")}
    counts = tuple(dict.fromkeys(name for row in report.structures.values() for name in row if name not in columns))
    rows = [
        (name, *(_spread(row, metric) for metric in metrics), *(_shown(count, row.get(count)) for count in counts))
        for name, row in report.structures.items()
    ]
    none = tuple("" for _ in counts)
    rows.append(("mean", *(_spread(report.overall, metric) for metric in metrics), *none))
    rows.append(("median (IQR)", *(_middle(report.overall, metric) for metric in metrics), *none))
    headings = ("structure", *(_heading(metric) for metric in metrics), *(count.replace("_", " ") for count in counts))
    return Table(headings, tuple(rows))


def _case_means_table(report: ScoreReport) -> Table:
    metrics = _summed_up(report)
    headings = ("case", *(f"mean {_heading(metric)}" for metric in metrics), "structures", "empty predictions")
    return Table(headings, tuple(_case_row(case, metrics) for case in report.cases))


def _case_row(case: CaseScore, metrics: list[str]) -> tuple[str, ...]:
    """Return a case's means; an infinite distance is in none of them, and counted as an empty prediction."""
    values = {metric: [row[metric] for row in case.structures.values()] for metric in metrics}
    means = (_scaled(metric, _mean_of_finite(values[metric])) for metric in metrics)
    empty = sum(inf in row.values() for row in case.structures.values())
    return (case.name, *means, str(len(case.structures)), str(empty))


def _mean_of_finite(values: list[MaybeNumber]) -> float | None:
    finite = [value for value in values if value is not None and isfinite(value)]
    return sum(finite) / len(finite) if finite else None


def _summed_up(report: ScoreReport) -> list[str]:
    """Return the metrics that a challenge averages over its structures; none for most."""
    return [name.removeprefix("mean_") for name in report.overall if name.startswith("mean_")]


def _heading(metric: str) -> str:
    name, _, unit = metric.partition("_")
    return f"{name.upper()} ({unit or '%'})"


def _spread(row: Metrics, metric: str) -> str:
    mean, sd = (_scaled(metric, row.get(f"{kind}_{metric}")) for kind in ("mean", "sd"))
    return mean if sd == UNDEFINED else f"{mean} ± {sd}"


def _middle(row: Metrics, metric: str) -> str:
    median, iqr = (_scaled(metric, row.get(f"{kind}_{metric}")) for kind in ("median", "iqr"))
    return median if median == UNDEFINED else f"{median} ({iqr})"


def _scaled(metric: str, value: MaybeNumber) -> str:
    if value is None:
        return UNDEFINED
    return f"{value if '_' in metric else 100 * value:.1f}"


def _table(naming: tuple[str, ...], rows: dict[tuple[str, ...], Metrics]) -> Table:
    metrics = tuple(dict.fromkeys(metric for values in rows.values() for metric in values))
    return Table(
        headings=(*naming, *metrics),
        rows=tuple(
            (*names, *(_shown(metric, values[metric]) if metric in values else "" for metric in metrics))
            for names, values in rows.items()
        ),
        naming_columns=len(naming),
    )


def _shown(metric: str, value: MaybeNumber) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if metric.endswith("_mm3") else f"{value:.4f}"
