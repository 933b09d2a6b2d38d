"""Layout of a table: a CSV file with a row a case, and a column a socket that holds the paths of its files."""

from __future__ import annotations

from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.names import fault_of
from hnseg.cohort.finding.slots import Slot, case_of, slots_of
from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_csv
from hnseg.platform.spec import ChallengeSpec

CASE = "case"
_SUBJECT = "The list of cases"


def find_in_csv(path: Path, spec: ChallengeSpec) -> FoundCohort:
    """Return the cases of a table.

    Its columns are `case`, which names each, and the slugs of sockets, of which those of required images must be there.
    Paths are absolute or relative to the table's folder; an empty cell is no file. Comma or semicolon may separate the
    cells, as `hnseg.evaluation.files.csv_rows` reads them.

    Args:
        path: Absolute path of the table.
        spec: Description of the sockets.

    Raises:
        InputError: It is no such table, has an unknown column or lacks one, or a row has no usable name or one that
            another row has. The sentence has the line.
    """
    table, slots = read_csv(path, subject=_SUBJECT), slots_of(spec)
    _check_columns(table, slots, path)
    lines: dict[str, int] = {}
    for row in table.rows:
        _check_name(row, lines, path)
    cases = [_case(row, slots, path) for row in table.rows]
    return FoundCohort(tuple(sorted(cases, key=lambda case: case.name)), "csv")


def _check_columns(table: CsvTable, slots: tuple[Slot, ...], path: Path) -> None:
    known = [CASE, *(slot.key for slot in slots)]
    if unknown := [column for column in table.columns if column not in known]:
        raise InputError(
            f"{_SUBJECT} must have no columns but {', '.join(known)}, but line 1 of {path} also names"
            f" {', '.join(map(repr, unknown))}. Is a socket misspelt, or is it the list of another challenge?"
        )
    needed = [CASE, *(slot.key for slot in slots if slot.required)]
    if missing := [column for column in needed if not table.is_single(column)]:
        raise InputError(
            f"{_SUBJECT} must name each of the columns {', '.join(needed)} once, but line 1 of {path} does not so with"
            f" {', '.join(missing)}. Is the heading missing?"
        )


def _check_name(row: CsvRow, lines: dict[str, int], path: Path) -> None:
    """Refuse an unusable name, and one of a former line."""
    name = row.cells[CASE]
    if fault := fault_of(name):
        raise InputError(
            f"The name of a case must be usable as a folder's name, but the one in line {row.line} of {path} {fault}."
        )
    if (former := lines.setdefault(name, row.line)) != row.line:
        raise InputError(
            f"Each case must have one row, but lines {former} and {row.line} of {path} both name {name}."
            " Does one patient have two studies? Give them two names."
        )


def _case(row: CsvRow, slots: tuple[Slot, ...], path: Path) -> CohortCase:
    named = {slot: path.parent / row.cells[slot.key] for slot in slots if row.cells.get(slot.key)}
    case = case_of(row.cells[CASE], slots, {slot.key: [file] for slot, file in named.items()})
    if case.problem:
        return case.model_copy(update={"problem": f"{case.problem} It is in line {row.line} of {path}."})
    absent = [f"{slot.title} {file}" for slot, file in named.items() if not file.is_file()]
    if not absent:
        return case
    problem = (
        f"Every file in the list must be there, but line {row.line} of {path} names the {', the '.join(absent)}, which"
        " is no file. Are the paths relative to the list's folder?"
    )
    return case.model_copy(update={"problem": problem})
