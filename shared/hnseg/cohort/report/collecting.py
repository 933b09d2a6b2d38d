"""Rows of a cohort's report, collected from the status files in its output folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hnseg.cohort.report.rows import CaseRow, by_number
from hnseg.cohort.status import STATUS_FILE, CaseStatus

FLAT_FOLDER = ".cohort"
"""Folder beside the outputs of a flat cohort, which holds its cases' folders."""


def collect_rows(output: Path, *, flat: bool = False) -> list[CaseRow]:
    """Return the rows of all cases that have a status that can be read, sorted by name.

    Args:
        output: Output folder of the cohort.
        flat: Whether the outputs lie beside each other, and the cases' folders in a hidden one.
    """
    folder = output / FLAT_FOLDER if flat else output
    found = (_row(path) for path in folder.glob(f"*/{STATUS_FILE}") if not path.parent.name.startswith("."))
    return sorted((row for row in found if row is not None), key=lambda row: (by_number(row.name), row.name))


def _row(path: Path) -> CaseRow | None:
    try:
        return CaseRow(CaseStatus.model_validate_json(path.read_bytes()), path.parent)
    except (OSError, ValidationError):  # another shard replaces it at this moment, or another version wrote it
        return None
