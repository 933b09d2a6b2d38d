"""Tables of a study for the terminal: the baseline, the cells, and the significant correlations."""

from __future__ import annotations

from collections.abc import Iterable

from hnseg.evaluation.tables import UNDEFINED, Table
from hnseg.records import MaybeNumber
from hnseg.robustness.results.cells import Cell
from hnseg.robustness.results.summary import RobustnessSummary


def baseline_table(summary: RobustnessSummary) -> Table:
    """Return the table of the cases as they are: one row a structure."""
    headings = (
        "structure", "cases", "mean DSC", "median", "IQR", "with a reference", "mean DSC", "median", "missed",
        "spurious", "both empty",
    )  # fmt: skip
    rows = tuple(
        (
            name,
            str(one.cases),
            *map(number_text, (one.mean_dsc, one.dsc.median, one.dsc.iqr)),
            str(one.cases_nonempty),
            *map(number_text, (one.mean_dsc_nonempty, one.dsc_nonempty.median)),
            *(str(one.outcomes[outcome]) for outcome in ("missed", "spurious", "both_empty")),
        )
        for name, one in summary.structures.items()
    )
    return Table(headings, rows)


def cells_table(summary: RobustnessSummary) -> Table:
    """Return the table of all cells: a row for each kind and severity, a column for each modality and structure."""
    columns = list(dict.fromkeys((cell.modality, cell.structure) for cell in summary.cells))
    by_place = {(cell.kind, cell.severity, cell.modality, cell.structure): cell for cell in summary.cells}
    rows = tuple(
        (kind, str(severity), *(_cell_text(by_place.get((kind, severity, *column))) for column in columns))
        for kind, severity in dict.fromkeys((cell.kind, cell.severity) for cell in summary.cells)
    )
    headings = ("kind", "severity", *(f"{modality} {structure}" for modality, structure in columns))
    return Table(headings, rows, naming_columns=2)


def correlations_table(summary: RobustnessSummary) -> Table:
    """Return the table of the correlations that are significant in one family, the strongest first."""
    found = sorted((one for one in summary.correlations if one.is_significant), key=lambda one: -abs(float(one.r or 0)))
    headings = ("descriptor", "variant", "structure", "r", "q", "r of relative loss", "nearly all fail")
    rows = tuple(
        (
            one.descriptor,
            f"{one.modality} {one.kind} {one.severity}",
            one.structure,
            number_text(one.r),
            number_text(one.q, decimals=4),
            number_text(one.relative_r),
            "yes" if one.loss_is_baseline else "",
        )
        for one in found
    )
    return Table(headings, rows, naming_columns=3)


def explanation(summary: RobustnessSummary) -> Iterable[str]:
    """Yield the lines below the tables."""
    yield (
        "Each cell: median loss of DSC over all cases / over those with a reference / complete failures (DSC 0 with a"
        f" reference), stars by Wilcoxon's test and Benjamini-Hochberg over {len(summary.cells)} cells: *** q < 0.001,"
        " ** < 0.01, * < 0.05."
    )
    counts = summary.correlation_counts
    if counts.tests:
        by_structure = ", ".join(f"{name} {count}" for name, count in counts.by_structure.items())
        yield (
            f"Correlations: {counts.one_family} of {counts.tests} are significant in one family;"
            f" {sum(counts.by_structure.values())} with a family for each structure ({by_structure});"
            f" {counts.relative} with the relative loss."
        )
    yield from summary.notes


def number_text(value: MaybeNumber, *, decimals: int = 3) -> str:
    """Return a number as the tables show it.

    >>> number_text(0.5), number_text(-0.0001), number_text(None)
    ('0.500', '0.000', 'undefined')
    """
    return UNDEFINED if value is None else f"{round(value, decimals) + 0.0:.{decimals}f}"  # no -0


def _cell_text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    medians = f"{number_text(cell.median_delta)} / {number_text(cell.median_delta_nonempty)}"
    return f"{medians} / {cell.complete_failures} {cell.stars}"
