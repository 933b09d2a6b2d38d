"""Rows of a cohort's report, collected from the status files in its folder of results."""

from __future__ import annotations

from hnseg.cohort.report.rows import CaseRow, by_number
from hnseg.cohort.store import CaseStore


def collect_rows(store: CaseStore) -> list[CaseRow]:
    """Return the rows of all cases that have a status that can be read, sorted by name."""
    found = [
        CaseRow(status, store.case_folder(name))
        for name in store.names()
        if (status := store.status(name)) is not None  # else another run replaces it, or another version wrote it
    ]
    return sorted(found, key=lambda row: (by_number(row.name), row.name))
