"""Tables for a terminal and for a report."""

from __future__ import annotations

from dataclasses import dataclass

import rich.box
from rich.table import Table as RichTable

from hnseg.evaluation.report import Metrics, ScoreReport, Value


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
    """Return one row a structure, with its values over all cases."""
    return _table(("structure",), {(name,): metrics for name, metrics in report.structures.items()})


def cases_table(report: ScoreReport) -> Table:
    """Return one row a structure of a case."""
    rows: dict[tuple[str, ...], Metrics] = {
        (case.name, name): metrics for case in report.cases for name, metrics in case.structures.items()
    }
    return _table(("case", "structure"), rows)


def _table(naming: tuple[str, ...], rows: dict[tuple[str, ...], Metrics]) -> Table:
    metrics = tuple(dict.fromkeys(metric for values in rows.values() for metric in values))
    return Table(
        headings=(*naming, *metrics),
        rows=tuple(
            (*names, *(_shown(metric, values.get(metric)) for metric in metrics)) for names, values in rows.items()
        ),
        naming_columns=len(naming),
    )


def _shown(metric: str, value: Value) -> str:
    if value is None:
        return "undefined"
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if metric.endswith("_mm3") else f"{value:.4f}"
