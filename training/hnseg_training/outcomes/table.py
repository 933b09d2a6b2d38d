"""What the released tables say of patients: a row each, merged over all tables beside the images."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from hnseg.errors import InputError
from hnseg_training.outcomes.models import FollowUp

Row = Mapping[str, str]
_PATIENT = "patientid"


@dataclass(frozen=True)
class Tables:
    """The rows of all tables, by the patient's name and then by column.

    Attributes:
        rows: A column's name is as its table has it; of columns with one name the first that isn't empty counts.
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
            with path.open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
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
        """Return a patient's row; empty for one who is in no table."""
        return self.rows.get(patient, {})


def stage_of(row: Row, letter: str, order: Sequence[str]) -> str | None:
    """Return the T or N stage of a row without its finer divisions (N2b is N2); None where there is none.

    Args:
        row: Of a patient.
        letter: T or N.
        order: All that there are.
    """
    found = re.match(rf"[cp]?{letter}?\s*(\d)", _cell(row, f"{letter.lower()}stage"), flags=re.IGNORECASE)
    name = f"{letter}{found[1]}" if found else ""
    return name if name in order else None


def follow_up_of(row: Row) -> FollowUp | None:
    """Return how a patient fared; None where the table doesn't say."""
    days, relapse = _number(_cell(row, "rfs")), _number(_cell(row, "relapse"))
    return FollowUp(days, relapse == 1) if days is not None and days > 0 and relapse in {0, 1} else None


def _cell(row: Row, wanted: str) -> str:
    """Return the first cell with content of the columns of a name, whatever their spelling: "RFS (days)" is rfs."""
    cells = (cell for name, cell in row.items() if re.sub(r"\(.*\)|[^a-z]", "", name.lower()) == wanted)
    return next((cell for cell in cells if cell), "")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
