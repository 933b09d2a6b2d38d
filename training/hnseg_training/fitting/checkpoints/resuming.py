"""Choice of the checkpoint that a training goes on from: the first whole one of a fold.

A training by nnU-Net's own commands that is killed, or a full disk, can leave a checkpoint that is cut off.
"""

from __future__ import annotations

import logging
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from hnseg_training.fitting.stages import FINAL

logger = logging.getLogger(__name__)

LATEST = "checkpoint_latest.pth"
BEST = "checkpoint_best.pth"
STATES = (FINAL, LATEST, BEST)
"""Names of a fold's checkpoints, the one to go on from first, as nnU-Net has them."""


def states_in(folder: Path) -> list[str]:
    """Return the names of the checkpoints of a fold, cut off or not, the one to go on from first."""
    return [name for name in STATES if (folder / name).is_file()]


def whole_state(folder: Path, title: str, *, needs_best: bool = False) -> Path | None:
    """Return the checkpoint that a fold goes on from: the first whole one; None where there is none.

    Each that is cut off is named in a warning, and so is a training that must begin anew.

    Args:
        folder: Folder of the fold.
        title: Name of the training in its sentences.
        needs_best: Whether the weights of the best epoch are needed at the end, so that a training can't go on
            where they were cut off.
    """
    found = states_in(folder)
    cut = [name for name in found if not is_whole(folder / name)]
    for name in cut:
        logger.warning("%s: %s was cut off when it was saved, and is left out", title, folder / name)
    usable = _usable(found, cut, needs_best=needs_best)
    if found and not usable:
        logger.warning("%s: no whole checkpoint is left to go on from; training from the start", title)
    return folder / usable[0] if usable else None


def _usable(found: Sequence[str], cut: Sequence[str], *, needs_best: bool) -> list[str]:
    """Return the names of the checkpoints that a training can end with or go on from."""
    whole = [name for name in found if name not in cut]
    return [name for name in whole if name == FINAL] if needs_best and BEST in cut else whole


def is_whole(checkpoint: Path) -> bool:
    """Return whether a checkpoint of torch's is complete: an archive in which every file has its checksum.

    Nothing of it is unpickled. Checkpoints of before PyTorch 1.6 are no archives; nnU-Net v2 never wrote such.
    """
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False
