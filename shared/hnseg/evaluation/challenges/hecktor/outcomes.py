"""A patient's stages and recurrence-free survival: what is known of them, and what was predicted.

Known things come from the data set's CSV (PatientID, T-stage, N-stage, Relapse, RFS in days), or from JSON values of
the same names in lower case. A cell that is empty, NaN or no such thing is unknown, and the patient is left out of that
part of the score. Stages are read as T2, 2, 2.0 or with the letter of a finer stage, which is dropped: N2b is N2.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.clinical import N_STAGES, T_STAGES, FollowUp, follow_up_of, number_of, stage_of
from hnseg.errors import InputError

_COLUMNS = ("PatientID", "T-stage", "N-stage", "Relapse", "RFS")


@dataclass(frozen=True)
class Outcome:
    """What is known of a patient; None where it is not.

    Attributes:
        t_stage: Of `T_STAGES`.
        n_stage: Of `N_STAGES`.
        rfs: Without a recurrence.
    """

    t_stage: str | None = None
    n_stage: str | None = None
    rfs: FollowUp | None = None


def outcome_of(values: Mapping[str, Any]) -> Outcome:
    """Return what values say of a patient: t-stage, n-stage, relapse (0 or 1, true or false) and rfs (days)."""
    return Outcome(
        t_stage=stage_of(values.get("t-stage"), T_STAGES),
        n_stage=stage_of(values.get("n-stage"), N_STAGES),
        rfs=follow_up_of(values.get("relapse"), values.get("rfs")),
    )


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """Return what a data set's CSV says, by patient.

    Raises:
        InputError: It can't be read, names no patients or one twice, or has none of the other columns.
    """
    outcomes: dict[str, Outcome] = {}
    for line, row in _rows(path):
        patient = row["patientid"]
        if patient in outcomes:
            raise InputError(f"A patient must have one row, but line {line} of {path} is a second one for {patient}.")
        outcomes[patient] = outcome_of(row)
    return outcomes


def predicted_stage(values: Mapping[str, Any], name: str, stages: tuple[str, ...], *, case: str) -> str:
    """Return the stage that was predicted.

    Raises:
        InputError: There is none.
    """
    stage = stage_of(values.get(name), stages)
    if stage is None:
        raise InputError(
            f"The prediction of case {case} must have a {name} of {', '.join(stages)}, as the reference's is known, but"
            f" {_found(values, name)}."
        )
    return stage


def predicted_rfs(values: Mapping[str, Any], *, case: str) -> float:
    """Return the number that was predicted for recurrence-free survival.

    Raises:
        InputError: There is no finite one.
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


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            headings = [re.sub(r"[\s_-]+", "-", heading.strip().lower()) for heading in reader.fieldnames or ()]
            _check_headings(headings, path)
            reader.fieldnames = headings
            for row in reader:
                cells = {name: cell.strip() for name, cell in row.items() if isinstance(cell, str)}
                if cells["patientid"]:
                    yield reader.line_num, cells
    except OSError as error:
        raise InputError(f"--clinical must be a readable file, but {path} is not: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"--clinical must be a CSV file in UTF-8, but {path} can't be read as one ({error}). Is it a spreadsheet?"
        ) from error


def _check_headings(headings: list[str], path: Path) -> None:
    known = [column for column in _COLUMNS if headings.count(column.lower()) == 1]
    if "PatientID" not in known or len(known) == 1:
        raise InputError(
            f"The first line of --clinical must name PatientID and at least one of {', '.join(_COLUMNS[1:])}, once"
            f" each, but that of {path} names {', '.join(headings)[:120] or 'nothing'}. Is another separator used?"
        )
