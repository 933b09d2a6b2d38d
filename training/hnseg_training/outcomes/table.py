"""Released tables of patients: a row for each, merged over all tables beside the images."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.clinical import FollowUp, follow_up_of, stage_of
from hnseg.errors import InputError
from hnseg.evaluation.files.cells import number_in, truth_in
from hnseg.evaluation.files.csv_rows import read_columns
from hnseg.evaluation.files.patient_tables import (
    PATIENT,
    PatientTables,
    TableProblem,
    check_no_problems,
    column_of,
    patient_key,
)
from hnseg.imaging.files.visible import visible_in

logger = logging.getLogger(__name__)

Row = Mapping[str, str]
TABLES = (".csv", ".tsv")
"""Endings of tables, in small letters."""
WORKBOOKS = (".xlsx", ".xls", ".ods")
"""Endings of workbooks, which are named and not read."""


@dataclass(frozen=True)
class Tables:
    """Rows of all tables, by the patient's name and then by column.

    Attributes:
        rows: Merged tables.
        files: Tables that have a column PatientID.
        problems: Problems of all tables, files that can't be read among them.
        notes: Sentences on what was accepted, and on files that are no tables of patients.
    """

    rows: PatientTables
    files: tuple[Path, ...]
    problems: tuple[TableProblem, ...]
    notes: tuple[str, ...]

    @classmethod
    def survey(cls, folders: Sequence[Path]) -> Tables:
        """Read every table in some folders that has a column PatientID, with the problems of all of them."""
        rows = PatientTables(_must)
        read = {path: _add(rows, path) for path in _files_in(folders, TABLES)}
        notes = [f"{path} has no column PatientID and was not read." for path, added in read.items() if added is False]
        if workbooks := _files_in(folders, WORKBOOKS):
            names = ", ".join(path.name for path in workbooks)
            notes.append(f"Workbooks are not read: {names}. Save the sheet with PatientID as CSV.")
        files = tuple(path for path, added in read.items() if added)
        return cls(rows, files, tuple(rows.problems), (*notes, *rows.notes))

    @classmethod
    def read(cls, folders: Sequence[Path], *, without: Collection[str] = ()) -> Tables:
        """Read every table in some folders that has a column PatientID, and log what was accepted.

        Args:
            folders: Folders of the tables.
            without: Names of patients whose rows may have problems.

        Raises:
            InputError: There is none; or tables can't be read, contradict each other, or have a cell that can't be
                understood. All of these are in one text, with a line each.
        """
        tables = cls.survey(folders)
        for note in tables.notes:
            logger.info("tables: %s", note)
        unread = {patient_key(name) for name in without}
        check_no_problems([one for one in tables.problems if patient_key(one.patient) not in unread])
        if not tables.files:
            workbooks = _files_in(folders, WORKBOOKS)
            cure = f"Save the sheet of {workbooks[0].name} as CSV" if workbooks else "Name its folder with --source"
            raise InputError(
                f"{folders[0]} must hold the released table, a CSV file with a column PatientID, but there is none."
                f" Was it downloaded with the images? {cure}."
            )
        return tables

    def row(self, patient: str) -> Row:
        """Return a patient's row by column, as `column_of` writes it; empty for a patient in no table."""
        return self.rows.row(patient)


def stage_in(row: Row, stages: Sequence[str]) -> str | None:
    """Return the T or N stage in a patient's row, without its finer division (N2b is N2); None where there is none.

    Args:
        row: Row of a patient.
        stages: All stages, such as `T_STAGES`; their letter says which column.
    """
    return stage_of(row.get(f"{stages[0][0].lower()}stage", ""), stages, prefixes="cp")


def follow_up_in(row: Row) -> FollowUp | None:
    """Return the follow-up in a patient's row; None where the row has none of at least a moment."""
    follow_up = follow_up_of(truth_in(row.get("relapse", "")), row.get("rfs", ""))
    return follow_up if follow_up is not None and follow_up.days > 0 else None


def _add(rows: PatientTables, path: Path) -> bool | None:
    """Add a table of patients; False for another table, None for a file that can't be read, which is a problem."""
    try:
        if PATIENT not in map(column_of, read_columns(path, subject="A table")):
            return False
        rows.add(path, subject="A table")
    except InputError as error:
        rows.problems.append(TableProblem("", str(error)))
        return None
    return True


def _files_in(folders: Sequence[Path], endings: Collection[str]) -> list[Path]:
    """Return the files in some folders with one of some endings, each once."""
    files = {path for folder in folders for path in visible_in(folder) if path.suffix.lower() in endings}
    return sorted(path for path in files if path.is_file())


def _must(column: str, cell: str) -> str:
    """Return what a cell must be where it is something else: a relapse or follow-up would count as unknown."""
    if column == "relapse" and truth_in(cell) is None:
        return "0 or 1"
    return "a number" if column == "rfs" and number_in(cell) is None else ""
