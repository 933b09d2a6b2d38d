"""Tables of a grading for the terminal: shares, agreement, and correlations with measures."""

from __future__ import annotations

from collections.abc import Iterator

from hnseg.evaluation.tables import UNDEFINED, Table
from hnseg.records import MaybeNumber
from hnseg.robustness.grading.observers import Interval
from hnseg.robustness.grading.summary import GradedStructure, GradingSummary


def shares_table(summary: GradingSummary) -> Table:
    """Return the table of usable shares in percent: a row for each structure and observer, and their mean."""
    rows = []
    for cases, name, graded in _parts(summary):
        for observer, share in graded.usable_share.items():
            interval = _interval(graded.usable_share_interval[observer], scale=100, decimals=1)
            mean = _number(graded.mean_grade[observer], decimals=2)
            rows.append((cases, name, observer, str(graded.cases), _percent(share), interval, mean))
        rows.append((cases, name, "mean", str(graded.cases), _percent(graded.mean_usable_share), "", ""))
    headings = ("cases", "structure", "observer", "graded", "usable (%)", "95 %", "mean grade")
    return Table(headings, tuple(rows), naming_columns=3)


def kappa_table(summary: GradingSummary) -> Table:
    """Return the table of quadratic weighted kappas: a row for each structure and pair of observers."""
    rows = tuple(
        (
            cases,
            name,
            pair,
            str(graded.both_graded[pair]),
            _number(kappa),
            _interval(graded.quadratic_kappa_interval[pair]),
        )
        for cases, name, graded in _parts(summary)
        for pair, kappa in graded.quadratic_kappa.items()
    )
    return Table(("cases", "structure", "observers", "both graded", "quadratic kappa", "95 %"), rows, naming_columns=3)


def measures_table(summary: GradingSummary) -> Table:
    """Return the table of correlations with measures: a row for each structure, measure and observer."""
    rows = tuple(
        (
            cases,
            name,
            measure,
            observer,
            str(found.spearman.cases),
            f"{_number(found.spearman.r)} ({_interval(found.spearman.interval)})",
            f"{_number(found.pearson.r)} ({_interval(found.pearson.interval)})",
        )
        for cases, name, graded in _parts(summary)
        for measure, by_observer in graded.measures.items()
        for observer, found in by_observer.items()
    )
    headings = ("cases", "structure", "measure", "observer", "n", "Spearman (95 %)", "Pearson (95 %)")
    return Table(headings, rows, naming_columns=4)


def _parts(summary: GradingSummary) -> Iterator[tuple[str, str, GradedStructure]]:
    for name, graded in summary.structures.items():
        yield "as they are", name, graded
    for name, graded in summary.perturbed.items():
        yield "perturbed", name, graded


def _number(value: MaybeNumber, *, decimals: int = 3) -> str:
    return UNDEFINED if value is None else f"{value:.{decimals}f}"


def _percent(value: MaybeNumber) -> str:
    return UNDEFINED if value is None else f"{100 * value:.1f}"


def _interval(interval: Interval, *, scale: float = 1, decimals: int = 2) -> str:
    low, high = interval
    return UNDEFINED if low is None or high is None else f"{scale * low:.{decimals}f} to {scale * high:.{decimals}f}"
