"""Files of cohorts by their names alone: finding cases opens none."""

from __future__ import annotations

from pathlib import Path


def touch(folder: Path, *names: str) -> list[Path]:
    """Make empty files below a folder, with their folders, and return their paths."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths
