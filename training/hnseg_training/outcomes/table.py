"""Released tables of patients: a row for each, merged over all tables beside the images."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.clinical import FollowUp, follow_up_of, stage_of
from hnseg.errors import InputError
from hnseg.evaluation.files.cells import cause_of, has_decimal_comma, is_unknown, number_in, truth_in
from hnseg.evaluation.files.csv_rows import CsvRow, read_columns, read_csv
from hnseg.imaging.files.visible import visible_in

logger = logging.getLogger(__name__)

Row = Mapping[str, str]
_PATIENT = "patientid"


@dataclass(frozen=True)
class Tables:
    """Rows of all tables, by the patient's name and then by column.

    Attributes:
        rows: Cells by the patient's name, then by the column's name as its table has it; of columns with one name the
            first that isn't empty counts.
    """

    rows: Mapping[str, Row]

    @classmethod
    def read(cls, folders: Sequence[Path]) -> Tables:
        """Read every CSV file in some folders that has a column PatientID.

        Cells of two tables that contradict each other are logged. The table that comes first by name counts.

        Raises:
            InputError: There is none; or one can't be read, has a patient twice with other values, a decimal comma, or
                a relapse or follow-up that can't be understood.
        """
        rows: dict[str, dict[str, str]] = {}
        for path in _tables_in(folders):
            for patient, cells in _patients_of(path).items():
                merged = rows.setdefault(patient, {})
                _log_contradictions(merged, cells, f"{patient} in {path}")
                merged.update({name: cell for name, cell in cells.items() if not merged.get(name)})
        if not rows:
            raise InputError(
                f"{folders[0]} must hold the released table, a CSV file with a column PatientID, but there is none."
                " Was it downloaded with the images? Name its folder with --source."
            )
        return cls(rows)

    def row(self, patient: str) -> Row:
        """Return a patient's row; empty for a patient in no table."""
        return self.rows.get(patient, {})


def stage_in(row: Row, stages: Sequence[str]) -> str | None:
    """Return the T or N stage in a patient's row, without its finer division (N2b is N2); None where there is none.

    Args:
        row: Row of a patient.
        stages: All stages, such as `T_STAGES`; their letter says which column.
    """
    return stage_of(_cell(row, f"{stages[0][0].lower()}stage"), stages, prefixes="cp")


def follow_up_in(row: Row) -> FollowUp | None:
    """Return the follow-up in a patient's row; None where the row has none of at least a moment."""
    follow_up = follow_up_of(truth_in(_cell(row, "relapse")), _cell(row, "rfs"))
    return follow_up if follow_up is not None and follow_up.days > 0 else None


def _tables_in(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the tables of patients in some folders, each once, and log the other CSV files."""
    files = {path for folder in folders for path in visible_in(folder) if path.suffix.lower() == ".csv"}
    for path in sorted(files):
        if any(_plain(column) == _PATIENT for column in read_columns(path, subject="A table")):
            yield path
        else:
            logger.info("not read: %s has no column PatientID", path)


def _patients_of(path: Path) -> dict[str, Row]:
    """Return the cells of each patient in a table."""
    patients: dict[str, Row] = {}
    for row in read_csv(path, subject="A table").rows:
        where = f"line {row.line} of {path}"
        _check_cells(row, where)
        patient = _cell(row.cells, _PATIENT)
        if patients.get(patient, row.cells) != row.cells:
            raise InputError(
                f"A patient must have one row, but {where} has other values for {patient} than one before."
            )
        if patient:
            patients[patient] = row.cells
    return patients


def _check_cells(row: CsvRow, where: str) -> None:
    """Refuse cells that would count as unknown though something is in them."""
    for column, cell in row.cells.items():
        if has_decimal_comma(cell) or (not is_unknown(cell) and not _is_understood(_plain(column), cell)):
            must = "0 or 1" if _plain(column) == "relapse" else "a number"
            raise InputError(
                f"{column} must be {must}, or empty where it is unknown, but {where} has {cell!r}.{cause_of(cell)}"
            )


def _is_understood(name: str, cell: str) -> bool:
    if name == "relapse":
        return truth_in(cell) is not None
    return name != "rfs" or number_in(cell) is not None


def _log_contradictions(merged: Row, cells: Row, where: str) -> None:
    for name, cell in cells.items():
        if cell and merged.get(name) and merged[name] != cell:
            logger.warning("%s: %s is %s there and %s in a table before, which counts", where, name, cell, merged[name])


def _plain(column: str) -> str:
    """Return a column's name in small letters alone, without what stands in brackets."""
    return re.sub(r"\(.*\)|[^a-z]", "", column.lower())


def _cell(row: Row, wanted: str) -> str:
    """Return the first cell with content of the columns of a name, whatever their spelling: "RFS (days)" is rfs."""
    cells = (cell for name, cell in row.items() if _plain(name) == wanted)
    return next((cell for cell in cells if cell), "")
