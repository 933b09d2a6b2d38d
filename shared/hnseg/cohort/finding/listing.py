"""Listing of a cohort before it runs: a table with a row a case, and a sentence with the counts."""

from __future__ import annotations

from collections.abc import Callable

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort, Layout
from hnseg.cohort.finding.slots import Slot, slots_of
from hnseg.cohort.state.status import CaseStatus
from hnseg.evaluation.tables import Table
from hnseg.platform.spec import ChallengeSpec

FOUND, MISSING, NONE = "found", "missing", "none"
"""Cells of a socket: its file is there; a required one is not; an optional one is not."""
_SHOWN = 5
_LAYOUTS: dict[Layout, str] = {
    "folders": "case folders",
    "csv": "the rows of the table",
    "nnunet": "images numbered by channel",
    "bids": "BIDS subjects",
    "images": "images",
    "dicom": "folders of DICOM files",
}


def listing(
    found: FoundCohort, spec: ChallengeSpec, status_of: Callable[[str], CaseStatus | None] | None = None
) -> Table:
    """Return the table of a cohort's cases: a column a socket, what was done of each, and its problem.

    Args:
        found: Cases that were found.
        spec: Description of the sockets.
        status_of: Function that returns the status of a case by its name, such as that of an output folder; None to
            leave the column out.
    """
    slots = slots_of(spec)
    done = () if status_of is None else ("status",)
    rows = []
    for case in found.cases:
        status = () if status_of is None else (_in_words(status_of(case.name)),)
        rows.append((case.name, *(_cell(case, slot) for slot in slots), *status, case.problem))
    headings = ("case", *(slot.key for slot in slots), *done, "problem")
    return Table(headings, tuple(rows), naming_columns=len(headings))


def summary(found: FoundCohort, spec: ChallengeSpec) -> str:
    """Return the counts of a cohort in a line: cases, optional images and values, problems, what belongs to no case."""
    slots = slots_of(spec)
    optional = [f"{_count(found, slot)} with the {slot.title}" for slot in slots if not slot.required]
    problems = sum(bool(case.problem) for case in found.cases)
    number = len(found.cases)
    parts = [f"{number} case{'s' if number != 1 else ''}, found as {_LAYOUTS[found.layout]}", *optional]
    parts.append(f"{problems} with a problem" if problems else "none with a problem")
    return "; ".join(filter(None, [*parts, ignored_in_words(found)])) + "."


def ignored_in_words(found: FoundCohort) -> str:
    """Return how much belongs to no case, with the first few names; empty where there is none."""
    if not found.ignored:
        return ""
    some = ", ".join([path.name for path in found.ignored[:_SHOWN]] + ["..."] * (len(found.ignored) > _SHOWN))
    return f"{len(found.ignored)} files or folders belong to no case ({some})"


def _cell(case: CohortCase, slot: Slot) -> str:
    if _has(case, slot):
        return FOUND
    return MISSING if slot.required else NONE


def _count(found: FoundCohort, slot: Slot) -> int:
    return sum(_has(case, slot) for case in found.cases)


def _has(case: CohortCase, slot: Slot) -> bool:
    """Return whether a case has a file: the one that its layout or its list tells, which need not be there."""
    files = case.inputs.values if slot.is_value else case.inputs.images
    path = files.get(slot.key)
    return path is not None and path.is_file()


def _in_words(status: CaseStatus | None) -> str:
    return "new" if status is None else status.status
