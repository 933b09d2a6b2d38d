"""Folds of a model folder, and the checkpoint of each that is used.

nnU-Net writes `checkpoint_final.pth` when a fold is trained to its end, `checkpoint_best.pth` whenever the moving
average of its Dice is highest, and `checkpoint_latest.pth`, from which it goes on, every 50 epochs until the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import ModelError
from hnseg.inference.model.manifest import Fold
from hnseg.options import CheckpointName

_AUTO = ("final", "best")  # in the order in which they are looked for


@dataclass(frozen=True)
class TrainedFolds:
    """Checkpoints of the folds to use.

    Attributes:
        files: Checkpoint of each fold, in the folds' order.
        notes: Sentence on the folds that are used as they were before the end of their training.
    """

    files: Mapping[Fold, Path]
    notes: tuple[str, ...] = ()


def find_trained_folds(folder: Path, folds: Sequence[Fold] | None, checkpoint: CheckpointName) -> TrainedFolds:
    """Find the checkpoints of a result folder.

    Args:
        folder: Result folder of nnU-Net.
        folds: Folds to use; every one that is there when left out (`all` only where there is no other).
        checkpoint: Checkpoint to use of every fold; `auto` is the final one, or of a fold that has none, the best.

    Raises:
        ModelError: There is none, or a fold that was asked for has none.
    """
    names = [f"checkpoint_{kind}.pth" for kind in (_AUTO if checkpoint == "auto" else (checkpoint,))]
    found = {fold: path for name in reversed(names) for fold, path in _with_file(folder, name).items()}
    chosen = choose_folds(folder, folds, tuple(found), f"fold_<k>/{' or '.join(names)}")
    files = {fold: found[fold] for fold in chosen}
    return TrainedFolds(files, _notes(files) if checkpoint == "auto" else ())


def choose_folds(folder: Path, wanted: Sequence[Fold] | None, found: Sequence[Fold], pattern: str) -> tuple[Fold, ...]:
    """Return the folds to use, in order, of those that are there.

    Args:
        folder: Model folder, named in errors.
        wanted: Folds that were asked for; None for all (`all` only where there is no other).
        found: Folds that are there.
        pattern: Name of a fold's file, named in errors.

    Raises:
        ModelError: There is none, or one that was asked for is not there.
    """
    if not found:
        raise ModelError(
            f"A model folder must hold at least one trained fold as {pattern}, but {folder} holds none."
            " Is training unfinished, or is this the folder above?"
        )
    numbered = sorted(fold for fold in found if fold != "all")
    if wanted is None:
        return tuple(numbered or found)
    if missing := [fold for fold in wanted if fold not in found]:
        raise ModelError(
            f"Every fold asked for must be there as {pattern}, but {', '.join(map(str, missing))} is missing in"
            f" {folder}, which has {', '.join(map(str, numbered or found))}."
        )
    return tuple(dict.fromkeys(wanted))


def _with_file(folder: Path, name: str) -> dict[Fold, Path]:
    """Return the files of a name by the fold that they are of."""
    by_fold = ((_fold(path.parent.name), path) for path in folder.glob(f"fold_*/{name}"))
    return {fold: path for fold, path in by_fold if fold is not None}


def _fold(folder_name: str) -> Fold | None:
    text = folder_name.removeprefix("fold_")
    if text == "all":
        return "all"
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else None


def _notes(files: Mapping[Fold, Path]) -> tuple[str, ...]:
    """Return a sentence on the folds whose checkpoint is not the final one; none where there is no such fold."""
    best = [str(fold) for fold, path in files.items() if path.name != f"checkpoint_{_AUTO[0]}.pth"]
    if not best:
        return ()
    which = f"Fold {best[0]} has" if len(best) == 1 else f"Folds {', '.join(best[:-1])} and {best[-1]} have"
    return (f"{which} no checkpoint_final.pth, so that checkpoint_best.pth was taken.",)
