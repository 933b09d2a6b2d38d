"""Key of a blinded sheet: what each code stands for. Whoever grades must not see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import read_csv
from hnseg.robustness.grading.grades_csv import Item
from hnseg.robustness.scores.scores_csv import check_columns, variant_in

COLUMNS = ("code", "case", "modality", "kind", "severity")
"""Columns of the file."""


def as_csv(key: Mapping[str, Item]) -> str:
    """Return a key as the text of such a file, in the order of the codes.

    >>> from hnseg.robustness.scores.record import BASELINE
    >>> as_csv({"K7QD": ("case_1", BASELINE)}).splitlines()[1]
    'K7QD,case_1,,none,0'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for code, (case, variant) in sorted(key.items()):
        writer.writerow((code, case, variant.modality, variant.kind, variant.severity))
    return text.getvalue()


def read_key(path: Path) -> dict[str, Item]:
    """Read a key.

    Args:
        path: The CSV file.

    Returns:
        Case and variant by code.

    Raises:
        InputError: The file is missing or is no such CSV; or a row is incomplete, or a code repeated.
    """
    table = read_csv(path, subject="The key")
    check_columns(table, path, COLUMNS, subject="a key")
    key: dict[str, Item] = {}
    for row in table.rows:
        where, code, case = f"line {row.line} of {path}", row.cells["code"], row.cells["case"]
        if not code or not case or code in key:
            raise InputError(
                f"A key must have a code and a case a row, each code once, but {where} has {code!r}, {case!r}."
            )
        key[code] = case, variant_in(row, where=where)
    return key
