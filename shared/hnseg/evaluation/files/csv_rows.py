"""Rows of a CSV file with a heading: the one reader of all tables that scoring and ranking take.

Such tables come from programs and from spreadsheets. So a byte order mark, blanks around a cell, blank lines, columns
in any order and cells that are missing at the end of a row are accepted. The separator is a comma, the encoding UTF-8.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError


@dataclass(frozen=True)
class CsvRow:
    """Cells of one row below the heading.

    Attributes:
        line: Number of the row's last line in the file; the heading is line 1.
        cells: Text of each column without blanks around it; empty where the row ends before the column.
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
        InputError: The file is missing, is not UTF-8 or is not CSV.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("team, value\nA, 0.5\nB\n")
    ...     table = read_csv(path, subject="The scores")
    >>> table.columns
    ('team', 'value')
    >>> [(row.line, row.cells) for row in table.rows]
    [(2, {'team': 'A', 'value': '0.5'}), (3, {'team': 'B', 'value': ''})]
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            columns = tuple(map(column_name, reader.fieldnames or ()))
            reader.fieldnames = columns
            rows = tuple(CsvRow(reader.line_num, _stripped(row)) for row in reader)
    except OSError as error:
        raise InputError(f"{subject} must be a readable file, but {path} is not: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{subject} must be a CSV file in UTF-8, but {path} can't be read as one ({error}). Is it a spreadsheet?"
        ) from error
    return CsvTable(columns, rows)


def _stripped(row: dict[str, str]) -> dict[str, str]:
    # Cells beyond the last column come as a list, under None.
    return {column: cell.strip() for column, cell in row.items() if isinstance(cell, str)}
