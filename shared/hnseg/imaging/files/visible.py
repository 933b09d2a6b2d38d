"""Files and folders that hold data by their names, as opposed to what systems leave beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

_OF_SYSTEMS = frozenset(
    {"__macosx", "desktop.ini", "thumbs.db", "ehthumbs.db", "$recycle.bin", "system volume information"}
)


def visible_in(folder: Path) -> list[Path]:
    """Return the files and folders in a folder that may be data, sorted by name; a missing folder has none.

    Names that begin with a point are left out, as AppleDouble's `._case.mha` does, and so are the folder `__MACOSX` of
    archives from macOS, and `Thumbs.db` and `desktop.ini` of Windows.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_visible(path.name))


def is_visible(name: str) -> bool:
    """Return whether a file or folder of this name may be data.

    >>> is_visible("case_003.mha"), is_visible("._case_003.mha"), is_visible("__MACOSX")
    (True, False, False)
    """
    return not name.startswith(".") and name.lower() not in _OF_SYSTEMS


def beside(folder: Path, taken: Collection[Path]) -> Iterator[Path]:
    """Yield what is in a folder beside the files that are taken from it, a folder without any of them as a whole.

    Args:
        folder: Folder that the files lie in, at any depth.
        taken: Files below it.
    """
    return _beside(folder, set(taken), {parent for path in taken for parent in path.parents})


def _beside(folder: Path, taken: set[Path], around: set[Path]) -> Iterator[Path]:
    for path in visible_in(folder):
        if path in around:
            yield from _beside(path, taken, around)
        elif path not in taken:
            yield path
