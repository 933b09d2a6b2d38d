"""Record of a selected epoch, `selection.json` in the folder of a fold: which it is, its Dice, why training ended."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.records import Frozen, MaybeNumber, first_problem
from hnseg_training.dataset.work_folder import read_json

SELECTION_FILE = "selection.json"


class Selection(Frozen):
    """Epoch whose weights a fold's training kept, and what it is measured by."""

    best_epoch: int
    """Epoch with the highest Dice, the first of several, counted from 1."""
    dice: float
    """Mean Dice of the validation cases with the weights of that epoch: of each structure over the cases in which it is
    defined, then over the structures."""
    cases: dict[str, dict[str, MaybeNumber]]
    """Dice of each validation case by structure; None where a structure is neither there nor predicted."""
    epochs: int
    """Number of epochs that were trained."""
    ended: Literal["patience", "epochs"]
    """Reason for the end: no higher Dice for as many epochs as the preset waits, or the last epoch."""


def read_selection(fold_folder: Path) -> Selection | None:
    """Return the record of a fold; None where there is none.

    Raises:
        InputError: The file is no such record.
    """
    path = fold_folder / SELECTION_FILE
    if not path.is_file():
        return None
    try:
        return Selection.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(
            f"{path} must be the record of a selected epoch, but it is none: {first_problem(error, Selection)}."
            " Was it changed?"
        ) from error
