"""Rows of a CSV file with a heading: the one reader of all tables that scoring, ranking and training take.

Such tables come from programs and from spreadsheets. So every common encoding and separator is accepted, blanks around
a cell, blank lines, and columns in any order. What could be read in two ways is refused: a row with too many or too few
cells, and a number with a decimal comma, which would otherwise become its whole part or another cell.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError

_MOST_MIB = 256
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SEPARATORS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{1,30},[0-9]{1,30}")


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row below the heading.

    Attributes:
        line: Number of the row's last line in the file; the heading is line 1.
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
        path: The file, in UTF-8, UTF-16 or Latin-1, with commas, semicolons, tabs or bars between the cells.
        subject: First words of an error sentence, such as "The scores".
        column_name: Function from a cell of the heading to the name of its column.

    Raises:
        InputError: The file is missing, too large or no CSV; a row has too many or too few cells; or a cell is a number
            with a decimal comma.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("team; value\nA; 0.5\n")
    ...     table = read_csv(path, subject="The scores")
    >>> table.columns
    ('team', 'value')
    >>> [(row.line, row.cells) for row in table.rows]
    [(2, {'team': 'A', 'value': '0.5'})]
    """
    try:
        text = _text_of(read_bounded(path, most_mib=_MOST_MIB))
        rows = _rows_of(text)
    except OSError as error:
        raise InputError(f"{subject} must be a readable file, but {path} is not: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{subject} must be a CSV file, but {path} can't be read as one ({error}). Is it a spreadsheet?"
        ) from error
    if not rows:
        return CsvTable((), ())
    columns = tuple(map(column_name, rows[0][1]))
    for line, cells in rows[1:]:
        _check_cells(cells, columns, f"line {line} of {path}")
    return CsvTable(columns, tuple(CsvRow(line, dict(zip(columns, cells, strict=False))) for line, cells in rows[1:]))


def _text_of(content: bytes) -> str:
    """Return a file's text: by its byte order mark, as UTF-16 where every second byte is zero, as UTF-8, or Latin-1."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding)
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(content) > 1 and not any(content[first:200:2]):
            return content.decode(encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in content:
            raise
        return content.decode("cp1252", errors="strict")


def _rows_of(text: str) -> list[tuple[int, list[str]]]:
    """Return the number of each row's last line and its cells, stripped; the heading first, and no blank rows."""
    if "\0" in text or text.startswith("PK\3\4"):  # as a spreadsheet's own file does
        raise csv.Error("it is no text")
    heading = text.lstrip().split("\n", 1)[0]
    separator = max(_SEPARATORS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    return [(line, cells) for line, cells in rows if any(cells)]


def _check_cells(cells: list[str], columns: tuple[str, ...], where: str) -> None:
    """Refuse a row that does not fit the heading, or that holds a decimal comma."""
    while len(cells) > len(columns) and not cells[-1]:
        cells.pop()  # a separator at the end
    if len(cells) != len(columns):
        raise InputError(
            f"Each row must have the {len(columns)} cells of the heading, but {where} has {len(cells)}."
            " Do its numbers have decimal commas, or is a cell missing?"
        )
    for column, cell in zip(columns, cells, strict=True):
        if _DECIMAL_COMMA.fullmatch(cell):
            raise InputError(
                f"Numbers must have a decimal point, but the {column} in {where} is {cell}."
                " Was the table saved with decimal commas?"
            )
