"""Rows of a CSV file with a heading: the one reader of all tables, in scoring, ranking and training.

Such tables come from programs and from spreadsheets. So columns in any order, blanks around a cell, blank rows, and the
encodings and separators of `hnseg.evaluation.files.csv_text` are accepted. A row that has not as many cells as the
heading is refused: one with a decimal comma has one more.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_text import read_text, separator_of


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row below the heading.

    Attributes:
        line: Number of the row's last line in the file; the first line is 1.
        cells: Text of each column without blanks around it.
    """

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class CsvTable:
    """Columns and rows of a CSV file.

    Attributes:
        columns: Names in the heading, in its order, repeated ones included; empty for an empty file.
        rows: Rows below the heading that are not blank, in the order of the file.
    """

    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]

    def is_single(self, column: str) -> bool:
        """Check that the heading names a column exactly once."""
        return self.columns.count(column) == 1


def read_csv(path: Path, *, subject: str, column_name: Callable[[str], str] = str.strip) -> CsvTable:
    r"""Read a CSV file with a heading.

    Args:
        path: The file.
        subject: First words of an error sentence, such as "The scores".
        column_name: Function from a cell of the heading to the name of its column.

    Raises:
        InputError: The file is missing or not CSV; or a row has too many or too few cells, or gives two values to a
            column that the heading names twice. The sentence has the number of the line.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("team, value\nA, 0.5\nB,\n")
    ...     table = read_csv(path, subject="The scores")
    >>> table.columns
    ('team', 'value')
    >>> [(row.line, row.cells) for row in table.rows]
    [(2, {'team': 'A', 'value': '0.5'}), (3, {'team': 'B', 'value': ''})]
    """
    lines = _rows_of(read_text(path, subject=subject), path, subject)
    _, heading = next(lines, (0, []))
    columns = tuple(map(column_name, heading))
    return CsvTable(columns, tuple(CsvRow(line, _named(columns, cells, line, path)) for line, cells in lines))


def read_columns(path: Path, *, subject: str) -> tuple[str, ...]:
    """Read the names in the heading alone, whatever is below it; there is none in an empty file.

    Raises:
        InputError: The file is missing or not CSV.
    """
    _, heading = next(_rows_of(read_text(path, subject=subject), path, subject), (0, []))
    return tuple(heading)


def _rows_of(text: str, path: Path, subject: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each row's last line and its cells without blanks around them; no blank rows."""
    # Excel takes a first line sep=; as the name of the separator.
    named = re.match(r"[\"']?sep=([,;|\t])[\"']?[\r\n]+", text, flags=re.IGNORECASE)
    rows = text[named.end() :] if named else text
    heading = re.search(r"[^\r\n]*\S[^\r\n]*", rows)
    separator = named[1] if named else separator_of(heading[0] if heading else "")
    reader = csv.reader(io.StringIO(rows, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num + (named is not None), stripped
    except csv.Error as error:
        raise InputError(
            f"{subject} must be a CSV file, but line {reader.line_num} of {path} can't be read as a row ({error})."
            " Is a quotation mark missing?"
        ) from error


def _named(columns: tuple[str, ...], cells: list[str], line: int, path: Path) -> dict[str, str]:
    """Return the cells of a row by column; of a column that is named twice, the cell that is not empty."""
    if len(cells) != len(columns):
        cause = "Is a decimal comma or an unquoted text in it" if len(cells) > len(columns) else "Was it cut off"
        raise InputError(
            f"Each row must have as many cells as the heading has columns, {len(columns)}, but line {line} of {path}"
            f" has {len(cells)}. {cause}?"
        )
    named: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        former = named.get(column, "")
        if column and former and cell and former != cell:
            raise InputError(
                f"A column must be named once, or have the same values, but line {line} of {path} has {former!r} and"
                f" {cell!r} as its {column}."
            )
        named[column] = cell or former
    return named
