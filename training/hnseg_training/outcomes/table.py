"""Released tables of patients: a row for each, merged over all tables beside the images."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.clinical import FollowUp, follow_up_of, stage_of
from hnseg.errors import InputError

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

        Raises:
            InputError: There is none.
        """
        rows: dict[str, dict[str, str]] = {}
        for path in sorted({path for folder in folders for path in folder.glob("*.csv")}):
            for cells in _rows_of(path):
                if patient := _cell(cells, _PATIENT):
                    merged = rows.setdefault(patient, {})
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
    follow_up = follow_up_of(_cell(row, "relapse"), _cell(row, "rfs"))
    return follow_up if follow_up is not None and follow_up.days > 0 else None


def _rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file, with the blanks around each cell removed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}


def _cell(row: Row, wanted: str) -> str:
    """Return the first cell with content of the columns of a name, whatever their spelling: "RFS (days)" is rfs."""
    cells = (cell for name, cell in row.items() if re.sub(r"\(.*\)|[^a-z]", "", name.lower()) == wanted)
    return next((cell for cell in cells if cell), "")
