"""Names of checkpoints that are being written, and what a killed training left of them."""

from __future__ import annotations

from pathlib import Path


def unfinished_beside(checkpoint: Path) -> Path:
    """Return the file that a checkpoint is written to, until it is whole and gets its name."""
    return checkpoint.with_name(f".{checkpoint.name}.unfinished")


def remove_unfinished(folder: Path) -> None:
    """Remove the checkpoints of a fold that a killed training was writing."""
    for left in folder.glob(".checkpoint_*.pth.unfinished"):
        left.unlink()
