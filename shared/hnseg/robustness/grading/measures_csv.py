"""Measures of the graded cases, such as Dice scores, that grades are correlated with.

A file has one row for each structure of a case and a column for each measure, as the scores of a study; or one value a
row with the columns metric and value, as `hnseg score --csv` writes them.
"""

from __future__ import annotations

import math
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import CsvRow, read_csv
from hnseg.robustness.grading.grades_csv import VARIANT_COLUMNS, Item
from hnseg.robustness.scores.record import BASELINE
from hnseg.robustness.scores.scores_csv import check_columns, number_columns, number_of, variant_in

NAMING = ("case", "structure")
"""Columns that every file has."""
_LONG = ("metric", "value")

Measures = dict[str, dict[tuple[str, Item], float]]
"""Value by the measure's name, and by structure and item; a distance may be infinite."""


def read_measures(path: Path) -> Measures:
    r"""Read the measures of cases.

    Args:
        path: The CSV file.

    Raises:
        InputError: The file is missing, is no such CSV, holds no number, or has two values for one thing.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("case,structure,dsc\na,GTVp,0.5\n")
    ...     list(read_measures(path)["dsc"].values())
    [0.5]
    """
    table = read_csv(path, subject="The scores")
    is_long = set(_LONG) <= set(table.columns)
    check_columns(table, path, (*NAMING, *_LONG) if is_long else NAMING, subject="the scores of graded cases")
    names = number_columns(table, apart_from=(*NAMING, *VARIANT_COLUMNS))
    measures: Measures = {}
    for row in table.rows:
        where = f"line {row.line} of {path}"
        cells = {row.cells["metric"]: row.cells["value"]} if is_long else {name: row.cells[name] for name in names}
        item = _item(row, where=where)
        for name, cell in cells.items():
            value = number_of(cell, title=name, where=where)
            former = measures.setdefault(name, {}).setdefault((row.cells["structure"], item), value)
            if former != value and not (math.isnan(former) and math.isnan(value)):
                raise InputError(
                    f"A structure of a case must have one {name}, but {where} has {cell} for {row.cells['structure']}"
                    f" of {item[0]} after {former:g}. Are several teams or studies in one file?"
                )
    if not measures:
        raise InputError(f"The scores of graded cases must have a column of numbers, but {path} has none.")
    return measures


def _item(row: CsvRow, *, where: str) -> Item:
    has_variant = set(VARIANT_COLUMNS) <= row.cells.keys()
    return row.cells["case"], variant_in(row, where=where) if has_variant else BASELINE
