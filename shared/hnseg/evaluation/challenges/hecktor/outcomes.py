"""Tumour stages and recurrence-free survival of a patient, as known and as predicted.

Known values come from the data set's CSV (PatientID, T-stage, N-stage, Relapse, RFS in days), or from JSON values of
the same names in lower case. A cell that is empty or NaN, or a stage that can't be assessed such as TX, is unknown, and
the patient is left out of that part of the score; any other cell of the table that can't be understood is refused, all
of them at once. Headings, decimal commas and repeated patients are those of `hnseg.evaluation.files.patient_tables`.
Stages are read as T2, 2, 2.0 or with the letter of a finer stage, which is dropped: N2b is N2. Relapse is 0 or 1, or a
word for it, such as no or true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from hnseg.clinical import N_STAGES, T_STAGES, FollowUp, follow_up_of, number_of, stage_of
from hnseg.errors import InputError
from hnseg.evaluation.files.cells import number_in, truth_in
from hnseg.evaluation.files.patient_tables import PATIENT, PatientTables, check_no_problems, column_of

_COLUMNS = ("T-stage", "N-stage", "Relapse", "RFS")
_VALUES = {"t-stage": "tstage", "n-stage": "nstage", "relapse": "relapse", "rfs": "rfs"}
"""Column of each value."""
_MUST = {
    "tstage": f"one of {', '.join(T_STAGES)}",
    "nstage": f"one of {', '.join(N_STAGES)}",
    "relapse": "0 or 1",
    "rfs": "a number of days, 0 or more",
}
"""Valid cells of the columns with outcomes, in words."""


@dataclass(frozen=True)
class Outcome:
    """Known stages and survival of a patient; None where unknown.

    Attributes:
        t_stage: T stage, one of `T_STAGES`.
        n_stage: N stage, one of `N_STAGES`.
        rfs: Recurrence-free survival.
    """

    t_stage: str | None = None
    n_stage: str | None = None
    rfs: FollowUp | None = None


def outcome_of(values: Mapping[str, Any]) -> Outcome:
    """Return the known stages and survival from named values.

    Args:
        values: Values by name: t-stage, n-stage, relapse (0 or 1, true or false, yes or no) and rfs (days); any may be
            missing.

    >>> outcome_of({"t-stage": "T4a", "n-stage": 2, "relapse": 0, "rfs": "812.5"})
    Outcome(t_stage='T4', n_stage='N2', rfs=FollowUp(days=812.5, has_relapsed=False))
    """
    return Outcome(
        t_stage=stage_of(values.get("t-stage"), T_STAGES),
        n_stage=stage_of(values.get("n-stage"), N_STAGES),
        rfs=follow_up_of(truth_in(values.get("relapse")), values.get("rfs")),
    )


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """Read the outcomes of all patients from a data set's CSV, by patient; rows without a patient are skipped.

    Raises:
        InputError: The file can't be read, has no column of patients or none of the others, has cells that can't be
            understood, or has rows of one patient that contradict each other. The text has a line for each such cell.
    """
    tables = PatientTables(_must)
    _check_columns(tables.add(path, subject="--clinical"), path)
    check_no_problems(tables.problems)
    rows = ((name, tables.row(name)) for name in tables.names.values())
    return {name: outcome_of({value: row.get(column) for value, column in _VALUES.items()}) for name, row in rows}


def predicted_stage(values: Mapping[str, Any], name: str, stages: tuple[str, ...], *, case: str) -> str:
    """Return the predicted stage of a case.

    Args:
        values: Predicted values by name.
        name: Name of the value, `t-stage` or `n-stage`.
        stages: Stages that it may be.
        case: Name of the case, for the error.

    Raises:
        InputError: The prediction has no such value, or another one.
    """
    stage = stage_of(values.get(name), stages)
    if stage is None:
        raise InputError(
            f"The prediction of case {case} must have a {name} of {', '.join(stages)}, as the reference's is known, but"
            f" {_found(values, name)}."
        )
    return stage


def predicted_rfs(values: Mapping[str, Any], *, case: str) -> float:
    """Return the predicted recurrence-free survival of a case, the number named `rfs`.

    Raises:
        InputError: The prediction has no finite number of this name.
    """
    rfs = None if isinstance(values.get("rfs"), str) else number_of(values.get("rfs"))
    if rfs is None:
        raise InputError(
            f"The prediction of case {case} must have a finite number as its rfs, as the reference's is known, but"
            f" {_found(values, 'rfs')}."
        )
    return rfs


def _found(values: Mapping[str, Any], name: str) -> str:
    if name in values:
        return f"it is {values[name]!r}"
    return (
        f"it has {', '.join(values) or 'no values at all'}. Is there a JSON file of the case's name beside its"
        " label map, or one for each value in the case's folder?"
    )


def _must(column: str, cell: str) -> str:
    """Return what a cell must be where it is neither an outcome nor unknown: its patient would be left out."""
    return "" if column not in _MUST or _is_understood(column, cell) else _MUST[column]


def _is_understood(column: str, cell: str) -> bool:
    if column == "relapse":
        return truth_in(cell) is not None
    if column == "rfs":
        days = number_in(cell)
        return days is not None and 0 <= days < inf
    stages = T_STAGES if column == "tstage" else N_STAGES
    is_not_assessed = re.fullmatch(r"[TN]?\s*(x|0|is)", cell, flags=re.IGNORECASE) is not None
    return is_not_assessed or stage_of(cell, stages) is not None


def _check_columns(headings: Sequence[str], path: Path) -> None:
    found = {column_of(heading) for heading in headings}
    if PATIENT not in found or found.isdisjoint(_MUST):
        raise InputError(
            f"The first line of --clinical must name PatientID and at least one of {', '.join(_COLUMNS)}, but that of"
            f" {path} names {', '.join(headings)[:120] or 'nothing'}. Is another separator used?"
        )
