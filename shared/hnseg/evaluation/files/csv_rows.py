"""Rows of a CSV file with a heading: the one reader of all tables, in scoring, ranking and training.

Such tables come from programs and from spreadsheets. So columns in any order, blanks around a cell, blank rows, and the
encodings and separators of `hnseg.evaluation.files.csv_text` are accepted, and so are empty columns after the last one,
of which spreadsheets write up to 16,384. A row that has otherwise not as many cells as the heading is refused: one with
a decimal comma has one more.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
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
        problems: A sentence for each row that can't be understood and is left out; empty after `read_csv`.
    """

    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]
    problems: tuple[str, ...] = ()

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
    table = survey_csv(path, subject=subject, column_name=column_name)
    if table.problems:
        raise InputError(table.problems[0])
    return table


def survey_csv(path: Path, *, subject: str, column_name: Callable[[str], str] = str.strip) -> CsvTable:
    """Read a CSV file with a heading, and go on after rows that can't be understood.

    Args:
        path: The file.
        subject: First words of an error sentence, such as "The scores".
        column_name: Function from a cell of the heading to the name of its column.

    Returns:
        The rows that are understood, and a sentence for each other one. After a row that breaks the form of a CSV file
        nothing more is read.

    Raises:
        InputError: The file is missing or no text.
    """
    problems: list[str] = []
    heading, *below = [*_until_broken(_rows_of(read_text(path, subject=subject), path, subject), problems)] or [_NO_ROW]
    widest = max((len(cells) for cells in map(_Line.filled, below)), default=0)
    columns = tuple(map(column_name, heading.cells[: max(len(heading.filled()), widest)]))
    named = [_named_or_problem(columns, line, path, least=len(heading.filled())) for line in below]
    problems = [*(row for row in named if isinstance(row, str)), *problems]
    return CsvTable(columns, tuple(row for row in named if not isinstance(row, str)), tuple(problems))


def read_columns(path: Path, *, subject: str) -> tuple[str, ...]:
    """Read the names in the heading alone, whatever is below it; there is none in an empty file.

    Raises:
        InputError: The file is missing or not CSV.
    """
    return tuple(next(_rows_of(read_text(path, subject=subject), path, subject), _NO_ROW).filled())


@dataclass(frozen=True)
class _Line:
    """Cells of a row as the file has them.

    Attributes:
        number: Number of the row's last line in the file.
        cells: Cells without blanks around them.
    """

    number: int
    cells: list[str]

    def filled(self) -> list[str]:
        """Return the cells without the empty ones at the end."""
        last = next((at for at in reversed(range(len(self.cells))) if self.cells[at]), -1)
        return self.cells[: last + 1]


_NO_ROW = _Line(0, [])


def _until_broken(lines: Iterator[_Line], problems: list[str]) -> Iterator[_Line]:
    """Yield rows up to one that breaks the form of a CSV file, whose sentence is added to the problems."""
    try:
        yield from lines
    except InputError as error:
        problems.append(str(error))


def _rows_of(text: str, path: Path, subject: str) -> Iterator[_Line]:
    """Yield each row that is not blank."""
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
                yield _Line(reader.line_num + (named is not None), stripped)
    except csv.Error as error:
        raise InputError(
            f"{subject} must be a CSV file, but line {reader.line_num} of {path} can't be read as a row ({error})."
            " Is a quotation mark missing?"
        ) from error


def _named_or_problem(columns: tuple[str, ...], line: _Line, path: Path, *, least: int) -> CsvRow | str:
    """Return a row, or the sentence that refuses it."""
    try:
        return CsvRow(line.number, _named(columns, line, path, least=least))
    except InputError as error:
        return str(error)


def _named(columns: tuple[str, ...], line: _Line, path: Path, *, least: int) -> dict[str, str]:
    """Return the cells of a row by column; of a column that is named twice, the cell that is not empty.

    Args:
        columns: Names of the columns.
        line: Cells of the row.
        path: The file, for the error.
        least: Number of cells that the row must have at least: that of the columns up to the last one with a name.
    """
    too_many = len(line.filled()) > len(columns)
    if too_many or len(line.cells) < least:
        cause = "Is a decimal comma or an unquoted text in it" if too_many else "Was it cut off"
        raise InputError(
            f"Each row must have as many cells as the heading has columns, {len(columns)}, but line {line.number} of"
            f" {path} has {len(line.cells)}. {cause}?"
        )
    named: dict[str, str] = {}
    for column, cell in zip_longest(columns, line.cells[: len(columns)], fillvalue=""):
        former = named.get(column, "")
        if column and former and cell and former != cell:
            raise InputError(
                f"A column must be named once, or have the same values, but line {line.number} of {path} has"
                f" {former!r} and {cell!r} as its {column}."
            )
        named[column] = cell or former
    return named
