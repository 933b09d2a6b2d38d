"""Table of a cohort for programs and spreadsheets: `cohort.csv`, a row a case."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from hnseg.cohort.report.rows import CaseRow, checksums

CSV_FILE = "cohort.csv"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first characters by which spreadsheets take a cell for a formula


def as_csv(rows: Iterable[CaseRow], structures: Sequence[str]) -> str:
    r"""Return the table as RFC 4180 has it: lines end in CR LF, cells are quoted where they must be.

    Numbers have a point. A text that a spreadsheet would take for a formula has an apostrophe before it.

    Args:
        rows: Rows of the cases, in the order of the table.
        structures: Names of the structures, of which each has the columns `volume_ml <name>` and `components <name>`.

    Returns:
        Columns `case`, `status` (`done`, `failed`), `reason`, `seconds`, `peak_memory_gib`, `attempts`; those of the
        structures; then `flags` (kinds, each with its structure), `notes`, `given_up`, `uncertain` (structures),
        `inputs_sha256` and `outputs_sha256` (`name=sha256` each), `model_sha256` (over all files of the model).
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_FIRST, *(_guarded(heading) for heading in _headings(structures)), *_LAST])
    writer.writerows([_guarded(cell) for cell in _cells(row, structures)] for row in rows)
    return text.getvalue()


_FIRST = ("case", "status", "reason", "seconds", "peak_memory_gib", "attempts")
_LAST = ("flags", "notes", "given_up", "uncertain", "inputs_sha256", "outputs_sha256", "model_sha256")


def _headings(structures: Sequence[str]) -> list[str]:
    return [f"{measure} {name}" for name in structures for measure in ("volume_ml", "components")]


def _cells(row: CaseRow, structures: Sequence[str]) -> list[str | float | None]:
    status = row.status
    found = [row.structures.get(name) for name in structures]
    measures = [value for each in found for value in ((each.volume_ml, each.components) if each else (None, None))]
    return [
        row.name, status.status, status.reason, round(status.seconds, 2), row.peak_memory_gib, status.attempts,
        *measures,
        "; ".join(f"{flag.kind} {flag.structure}".strip() for flag in row.flags), " ".join(row.notes),
        " ".join(row.given_up), "; ".join(row.uncertain),
        checksums(status.inputs), checksums(status.outputs), row.model_sha256,
    ]  # fmt: skip


def _guarded(cell: str | float | None) -> str | float | None:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
