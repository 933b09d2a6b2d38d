"""CSV of a study's scores: one row for each structure of each variant of a case.

Columns are case, structure, modality, kind, severity, dsc and reference_mm3; in the baseline's rows kind is none,
severity 0 and modality empty. A column refused has 1 where the container refused the image, one outcome the word for
what became of the structure, which is written and not read. Further columns of numbers are measures, where
`hnseg.robustness.scores.record.MEASURES` names them, and else descriptors of the reference. A column of words is left
alone.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.cells import cause_of, is_unknown, number_in
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_csv
from hnseg.robustness.scores.record import MEASURES, UNPERTURBED, ScoreRecord, Variant

COLUMNS = ("case", "structure", "modality", "kind", "severity", "dsc", "reference_mm3")
"""Columns that every file has."""
REFUSED, OUTCOME = "refused", "outcome"
"""Columns that may be there: whether the image was refused, and the outcome, which follows from the score."""


def read_scores(path: Path) -> list[ScoreRecord]:
    r"""Read the scores of a study.

    Args:
        path: The CSV file.

    Returns:
        One record a row, in the order of the file; at least one.

    Raises:
        InputError: The file is missing, is no such CSV or has no row; or a row is incomplete, out of range or repeated.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text(",".join(COLUMNS) + ",volume\na,GTVp,CT,spike,1,0.25,1000,12\n")
    ...     (record,) = read_scores(path)
    >>> record.variant, record.dice, record.descriptors
    (Variant(modality='CT', kind='spike', severity=1), 0.25, {'volume': 12.0})
    """
    table = read_csv(path, subject="The scores")
    check_columns(table, path, COLUMNS, subject="the scores of a study")
    names = number_columns(table, apart_from=(*COLUMNS, REFUSED, OUTCOME))
    records: list[ScoreRecord] = []
    line_of: dict[tuple[str, str, Variant], int] = {}
    for row in table.rows:
        record = _record(row, names, where=f"line {row.line} of {path}")
        key = (record.case, record.structure, record.variant)
        if key in line_of:
            raise InputError(
                f"A structure must have one score in a variant of a case, but line {row.line} of {path} gives"
                f" {record.structure} of {record.case}, {record.variant}, again, after line {line_of[key]}."
                " Was a file appended twice?"
            )
        line_of[key] = row.line
        records.append(record)
    if not records:
        raise InputError(f"The scores of a study must have rows, but {path} has none below its heading.")
    return records


def as_csv(records: Sequence[ScoreRecord]) -> str:
    """Return records as the text of such a file; an undefined value is empty, an infinite one inf."""
    measures = _names(record.measures for record in records)
    descriptors = _names(record.descriptors for record in records)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    refused = (REFUSED,) if any(one.refused for one in records) else ()
    writer.writerow((*COLUMNS, OUTCOME, *refused, *measures, *descriptors))
    for one in records:
        variant = one.variant
        naming = (one.case, one.structure, variant.modality, variant.kind, variant.severity)
        scores = map(_cell, (one.dice, one.reference_mm3))
        said = (one.outcome.value, *((int(one.refused),) if refused else ()))
        measured = (one.measures.get(name, math.nan) for name in measures)
        described = (one.descriptors.get(name, math.nan) for name in descriptors)
        writer.writerow((*naming, *scores, *said, *map(_cell, measured), *map(_cell, described)))
    return text.getvalue()


def check_columns(table: CsvTable, path: Path, columns: Sequence[str], *, subject: str) -> None:
    """Check that a heading names every column once.

    Raises:
        InputError: It does not.
    """
    missing = [column for column in columns if not table.is_single(column)]
    if missing:
        raise InputError(
            f"The first line of {subject} must name the columns {', '.join(columns)} once each, but in {path} it does"
            f" not do so for {', '.join(missing)}: found {','.join(table.columns)[:80]!r}."
            " Is the heading missing, or another separator used?"
        )


def number_columns(table: CsvTable, *, apart_from: Sequence[str]) -> tuple[str, ...]:
    """Return the other columns that hold numbers: at least one, and nothing else but what is unknown."""
    return tuple(
        column
        for column in dict.fromkeys(table.columns)
        if column and column not in apart_from and _holds_numbers([row.cells[column] for row in table.rows])
    )


def variant_in(row: CsvRow, *, where: str) -> Variant:
    """Return the variant of a row with the columns modality, kind and severity.

    Raises:
        InputError: The three do not belong together, or the severity is no whole number from 0 on.
    """
    kind, modality, text = row.cells["kind"], row.cells["modality"], row.cells["severity"]
    severity = number_in(text)
    if severity is None or not 0 <= severity < math.inf or severity != int(severity):
        raise InputError(f"A severity must be a whole number from 0 on, but {where} has {text!r}.")
    if not kind:
        raise InputError(
            f"A row must say its kind of perturbation, {UNPERTURBED} for the baseline, but {where} does not."
        )
    if (kind == UNPERTURBED) != (not severity) or (kind == UNPERTURBED) != (not modality):
        raise InputError(
            "A perturbed row must have a modality, a kind and a severity from 1 on, and one of the baseline no"
            f" modality, the kind {UNPERTURBED} and the severity 0, but {where} has {modality!r}, {kind!r} and"
            f" {text!r}."
        )
    return Variant(modality, kind, int(severity))


def number_of(cell: str, *, title: str, where: str) -> float:
    """Return the number of a cell; NaN where it is empty or says that it is unknown.

    Raises:
        InputError: The cell holds no number.
    """
    if is_unknown(cell):
        return math.nan
    value = number_in(cell)
    if value is None:
        raise InputError(f"{title} must be a number, but {where} has {cell!r}.{cause_of(cell)}")
    return value


def _cell(value: float) -> float | str:
    return "" if math.isnan(value) else value


def _names(mappings: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _holds_numbers(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if not is_unknown(cell)]
    return bool(known) and all(number_in(cell) is not None for cell in known)


def _record(row: CsvRow, names: Sequence[str], *, where: str) -> ScoreRecord:
    cells = row.cells
    unnamed = [column for column in ("case", "structure") if not cells[column]]
    if unnamed:
        raise InputError(f"Each row must say its case and structure, but {where} has no {' and no '.join(unnamed)}.")
    reference_mm3 = number_of(cells["reference_mm3"], title="A reference's volume", where=where)
    if not 0 <= reference_mm3 < math.inf:
        raise InputError(
            f"A reference's volume must be 0 mm3 or more, but {where} has {cells['reference_mm3']!r}."
            " Is the cell of an empty reference left out? It must be 0."
        )
    dice = number_of(cells["dsc"], title="A DSC", where=where)
    _check_dice(dice, reference_mm3, where=where)
    values = {name: number_of(cells[name], title=name, where=where) for name in names}
    measures = {name: value for name, value in values.items() if name in MEASURES}
    descriptors = {name: value for name, value in values.items() if name not in MEASURES}
    refused = _is_refused(cells.get(REFUSED, ""), where=where)
    variant = variant_in(row, where=where)
    naming = (cells["case"], cells["structure"], variant)
    return ScoreRecord(*naming, dice, reference_mm3, measures, descriptors, refused)


def _is_refused(cell: str, *, where: str) -> bool:
    refused = number_of(cell, title=REFUSED, where=where)
    if not math.isnan(refused) and refused not in {0, 1}:
        raise InputError(
            f"The column {REFUSED} must have 1 for an image that was refused, else 0, but {where} has {cell!r}."
            " Is it a number of images?"
        )
    return refused == 1


def _check_dice(dice: float, reference_mm3: float, *, where: str) -> None:
    if reference_mm3 > 0 and not 0 <= dice <= 1:
        found = "none" if math.isnan(dice) else f"{dice:g}"
        raise InputError(
            f"A DSC must be from 0 to 1 where the reference is not empty, but {where} has {found}."
            " Are these percent, or is an empty prediction left out? It has 0."
        )
    if reference_mm3 == 0 and not (math.isnan(dice) or dice in {0, 1}):
        raise InputError(
            f"With an empty reference a DSC must be 0, or 1 or NaN where the prediction is empty too, but"
            f" {where} has {dice:g}. Is the reference's volume missing?"
        )
