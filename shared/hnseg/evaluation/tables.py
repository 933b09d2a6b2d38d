"""Tables of text for a terminal and for a Markdown report, and the tables of a score report."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

import rich.box
from rich.table import Table as RichTable
from rich.text import Text

from hnseg.evaluation.report import CaseScore, Metrics, ScoreReport
from hnseg.printable import printable
from hnseg.records import MaybeNumber

UNDEFINED = "undefined"
"""Text of a value that is not defined."""


_NAMES = {"dsc": "DSC", "dice": "DSC", "nsd": "NSD", "hd95": "HD95", "hd": "HD", "aggregated": "aggregated", "f1": "F1"}
_UNITS = {"mm3": "mm³", "mm": "mm", "ml": "ml", "cc": "cc"}
_DECIMALS = {"mm3": 0, "mm": 1, "ml": 2, "cc": 2}


def name_of(metric: str) -> str:
    """Return the name of a metric for readers by its key: the Dice similarity coefficient is DSC, 0 to 1.

    >>> name_of("mean_dsc"), name_of("aggregated_dsc"), name_of("hd95_mm"), name_of("reference_mm3"), name_of("f1")
    ('mean DSC', 'DSCagg', 'HD95, mm', 'reference, mm³', 'F1')
    """
    words = metric.split("_")
    unit = _UNITS.get(words[-1]) if len(words) > 1 else None
    named = " ".join(_NAMES.get(word, word) for word in (words[:-1] if unit else words))
    named = named.replace("aggregated DSC", "DSCagg")
    return f"{named}, {unit}" if unit else named


def value_in_words(metric: str, value: MaybeNumber, *, unknown: str = UNDEFINED) -> str:
    """Return a metric's value with as many digits as its unit deserves: three for a fraction.

    >>> value_in_words("dsc", 0.75), value_in_words("hd95_mm", 4.25), value_in_words("cases", 3)
    ('0.750', '4.2', '3')
    """
    if value is None:
        return unknown
    if isinstance(value, int):
        return str(value)
    if not isfinite(value):
        return "∞"
    return f"{value:.{_DECIMALS.get(metric.rpartition('_')[2], 3)}f}"


@dataclass(frozen=True)
class Table:
    """Rows of text under headings: first the columns that name a row, then columns of numbers.

    Attributes:
        headings: Headings of all columns.
        rows: Cells of each row, as many as headings.
        naming_columns: Number of columns that name a row; they are aligned to the left, the others to the right.

    >>> print(Table(("case", "DSC"), (("a", "0.5000"),)).as_markdown())
    | case | DSC |
    | --- | ---: |
    | a | 0.5000 |
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    naming_columns: int = 1

    def for_terminal(self) -> RichTable:
        """Return the table in the form that rich prints; square brackets in it are no markup."""
        table = RichTable(box=rich.box.SIMPLE_HEAD)
        for column, heading in enumerate(self.headings):
            table.add_column(Text(printable(heading)), justify="left" if column < self.naming_columns else "right")
        for row in self.rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        return table

    def as_markdown(self) -> str:
        """Return the table as Markdown, without a line end after the last row."""
        rule = tuple("---" if column < self.naming_columns else "---:" for column in range(len(self.headings)))
        lines = (_for_markdown(self.headings), rule, *map(_for_markdown, self.rows))
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _for_markdown(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return cells whose characters neither end a line nor a column."""
    return tuple(printable(cell).replace("|", "\\|") for cell in cells)


def structures_table(report: ScoreReport) -> Table:
    """Return the table of all structures: one row a structure, with its values over all cases.

    Where the challenge averages over its structures, each mean stands in one column with its standard deviation, as in
    the challenge's publications, two rows over all structures end the table, and fractions are from 0 to 1.

    >>> structures = {"GTVp": {"mean_dsc": 0.75, "cases": 4}, "GTVn": {"mean_dsc": None, "cases": 0}}
    >>> report = ScoreReport(challenge="c", score=None, score_name="DSC", structures=structures, cases=())
    >>> structures_table(report).rows
    (('GTVp', '0.7500', '4'), ('GTVn', 'undefined', '0'))
    """
    if _averaged_metrics(report):
        return _averages_table(report)
    return _table(("structure",), {(name,): metrics for name, metrics in report.structures.items()})


def cases_table(report: ScoreReport) -> Table:
    """Return the table of all cases: one row a structure of a case.

    Where the challenge averages over its structures, there is one row a case, with the means over its structures.

    >>> case = CaseScore(name="a", structures={"GTVp": {"dsc": 0.75, "reference_mm3": 1250.4}})
    >>> report = ScoreReport(challenge="c", score=None, score_name="DSC", structures={}, cases=(case,))
    >>> table = cases_table(report)
    >>> table.headings, table.rows
    (('case', 'structure', 'DSC', 'reference, mm³'), (('a', 'GTVp', '0.7500', '1250'),))
    """
    if _averaged_metrics(report):
        return _case_means_table(report)
    rows: dict[tuple[str, ...], Metrics] = {
        (case.name, name): metrics for case in report.cases for name, metrics in case.structures.items()
    }
    return _table(("case", "structure"), rows)


def parts_table(report: ScoreReport) -> Table | None:
    """Return the table of a score's parts: one row for each number; None for a score without further parts.

    >>> overall = {"dice": 0.75, "c_index": None}
    >>> parts_table(
    ...     ScoreReport(challenge="c", score=None, score_name="", structures={}, overall=overall, cases=())
    ... ).rows
    (('DSC', '0.7500'), ('c index', 'undefined'))
    """
    if _averaged_metrics(report) or not report.overall:
        return None
    rows = tuple((name_of(name), _text(name, value)) for name, value in report.overall.items())
    return Table(("over all cases", "value"), rows)


def _averages_table(report: ScoreReport) -> Table:
    metrics, counts = _averaged_metrics(report), _count_names(report)
    rows = [_structure_row(name, row, metrics, counts) for name, row in report.structures.items()]
    empty = [""] * len(counts)
    rows.append(("mean", *(_mean_sd(report.overall, metric) for metric in metrics), *empty))
    rows.append(("median (IQR)", *(_median_iqr(report.overall, metric) for metric in metrics), *empty))
    headings = ("structure", *map(name_of, metrics), *(count.replace("_", " ") for count in counts))
    return Table(headings, tuple(rows))


def _count_names(report: ScoreReport) -> list[str]:
    """Return the structures' values that are no means or standard deviations, such as numbers of cases."""
    columns = {f"{kind}_{metric}" for metric in _averaged_metrics(report) for kind in ("mean", "sd")}
    return list(dict.fromkeys(name for row in report.structures.values() for name in row if name not in columns))


def _structure_row(name: str, row: Metrics, metrics: list[str], counts: list[str]) -> tuple[str, ...]:
    return (name, *(_mean_sd(row, metric) for metric in metrics), *(_text(count, row.get(count)) for count in counts))


def _case_means_table(report: ScoreReport) -> Table:
    metrics = _averaged_metrics(report)
    headings = ("case", *(f"mean {name_of(metric)}" for metric in metrics), "structures", "empty predictions")
    return Table(headings, tuple(_case_row(case, metrics) for case in report.cases))


def _case_row(case: CaseScore, metrics: list[str]) -> tuple[str, ...]:
    """Return a case's means; an infinite distance is left out of them and counted as an empty prediction."""
    values = {metric: [row[metric] for row in case.structures.values()] for metric in metrics}
    means = (_scaled(metric, _mean_of_finite(values[metric])) for metric in metrics)
    empty = sum(inf in row.values() for row in case.structures.values())
    return (case.name, *means, str(len(case.structures)), str(empty))


def _mean_of_finite(values: list[MaybeNumber]) -> float | None:
    finite = [value for value in values if value is not None and isfinite(value)]
    return sum(finite) / len(finite) if finite else None


def _averaged_metrics(report: ScoreReport) -> list[str]:
    """Return the metrics that a challenge averages over its structures; empty for most challenges."""
    return [name.removeprefix("mean_") for name in report.overall if name.startswith("mean_")]


def _mean_sd(row: Metrics, metric: str) -> str:
    mean, sd = (_scaled(metric, row.get(f"{kind}_{metric}")) for kind in ("mean", "sd"))
    return mean if sd == UNDEFINED else f"{mean} ± {sd}"


def _median_iqr(row: Metrics, metric: str) -> str:
    median, iqr = (_scaled(metric, row.get(f"{kind}_{metric}")) for kind in ("median", "iqr"))
    return median if median == UNDEFINED else f"{median} ({iqr})"


def _scaled(metric: str, value: MaybeNumber) -> str:
    if value is None:
        return UNDEFINED
    return value_in_words(metric, float(value))


def _table(naming: tuple[str, ...], rows: dict[tuple[str, ...], Metrics]) -> Table:
    metrics = tuple(dict.fromkeys(metric for values in rows.values() for metric in values))
    return Table(
        headings=(*naming, *map(name_of, metrics)),
        rows=tuple(
            (*names, *(_text(metric, values[metric]) if metric in values else "" for metric in metrics))
            for names, values in rows.items()
        ),
        naming_columns=len(naming),
    )


def _text(metric: str, value: MaybeNumber) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, int):
        return str(value)
    return f"{value:.0f}" if metric.endswith("_mm3") else f"{value:.4f}"
