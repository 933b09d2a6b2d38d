"""Maps of a study's page: the lost Dice score of every cell, and every descriptor's correlation with it.

A field has a colour between that of the page and a strong one. A map is a table, so that its numbers can be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hnseg.robustness.results.cells import Cell
from hnseg.robustness.results.correlations import DescriptorCorrelation
from hnseg.robustness.results.summary import RobustnessSummary
from hnseg.robustness.results.tables import number_text

LOSS, GAIN, INVERSE = "loss", "gain", "inverse"
"""Colours of a field: a lost score or a correlation with the loss, a gain, and an inverse correlation."""

_STRONGEST_PERCENT = 72  # of the colour, so that text on it can be read in the light and in the dark


@dataclass(frozen=True)
class Field:
    """Field of a map.

    Attributes:
        text: Number in the field; empty for none.
        mark: What stands beside it.
        colour: Name of its colour.
        percent: How much of the colour it has.
        title: Words that show when it is pointed at.
    """

    text: str = ""
    mark: str = ""
    colour: str = LOSS
    percent: int = 0
    title: str = ""


@dataclass(frozen=True)
class Map:
    """Map with a name for each row and column.

    Attributes:
        title: Title; empty for none.
        columns: Headings of the columns of fields.
        rows: Name and fields of each row.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Field, ...]], ...]


def loss_map(summary: RobustnessSummary) -> Map:
    """Return the map of the median losses over the cases with a reference: a row a kind and severity."""
    columns = list(dict.fromkeys((cell.modality, cell.structure) for cell in summary.cells))
    by_place = {(cell.kind, cell.severity, cell.modality, cell.structure): cell for cell in summary.cells}
    rows = dict.fromkeys((cell.kind, cell.severity) for cell in summary.cells)
    return Map(
        title="",
        columns=tuple(f"{modality}, {structure}" for modality, structure in columns),
        rows=tuple(
            (f"{kind} {severity}", tuple(_loss_field(by_place.get((kind, severity, *place))) for place in columns))
            for kind, severity in rows
        ),
    )


def correlation_maps(summary: RobustnessSummary) -> list[Map]:
    """Return a map for each structure: a row a descriptor, a column a variant; none without descriptors."""
    structures = dict.fromkeys(one.structure for one in summary.correlations)
    return [
        _correlation_map(name, [one for one in summary.correlations if one.structure == name]) for name in structures
    ]


def _loss_field(cell: Cell | None) -> Field:
    if cell is None or cell.median_delta_nonempty is None:
        return Field()
    loss = float(cell.median_delta_nonempty)
    q = "undefined" if cell.q is None else f"{cell.q:.2g}"
    return Field(
        text=number_text(loss),
        mark="" if cell.stars == "ns" else cell.stars,
        colour=LOSS if loss >= 0 else GAIN,
        percent=_percent(loss),
        title=f"q {q}; {cell.complete_failures} of {cell.cases_nonempty} complete failures",
    )


def _correlation_map(structure: str, correlations: Sequence[DescriptorCorrelation]) -> Map:
    variants = list(dict.fromkeys((one.modality, one.kind, one.severity) for one in correlations))
    by_place = {(one.descriptor, one.modality, one.kind, one.severity): one for one in correlations}
    return Map(
        title=structure,
        columns=tuple(f"{modality} {kind} {severity}" for modality, kind, severity in variants),
        rows=tuple(
            (name, tuple(_correlation_field(by_place[(name, *variant)]) for variant in variants))
            for name in dict.fromkeys(one.descriptor for one in correlations)
        ),
    )


def _correlation_field(one: DescriptorCorrelation) -> Field:
    if one.r is None or one.q is None:
        return Field()
    relative = "undefined" if one.relative_r is None else f"{one.relative_r:.2f}"
    fails = "; nearly every case fails, so the loss is the baseline's score" if one.loss_is_baseline else ""
    variant = f"{one.modality} {one.kind} {one.severity}"
    return Field(
        mark=_mark(one),
        colour=LOSS if one.r >= 0 else INVERSE,
        percent=_percent(float(one.r)),
        title=f"{one.descriptor}, {variant}: r {one.r:.2f}, q {one.q:.2g}, with the relative loss r {relative}{fails}",
    )


def _mark(one: DescriptorCorrelation) -> str:
    if not one.is_significant:
        return ""
    return "b" if one.loss_is_baseline else "*"


def _percent(value: float) -> int:
    return round(min(abs(value), 1) * _STRONGEST_PERCENT)
