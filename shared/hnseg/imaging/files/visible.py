"""Files and folders that hold data by their names, as opposed to what systems leave beside them."""

from __future__ import annotations

from pathlib import Path


def visible_in(folder: Path) -> list[Path]:
    """Return the files and folders in a folder that may be data, sorted by name; a missing folder has none.

    Names that begin with a point are left out, as AppleDouble's `._case.mha` does, and so is the folder `__MACOSX` of
    archives from macOS.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_visible(path.name))


def is_visible(name: str) -> bool:
    """Return whether a file or folder of this name may be data.

    >>> is_visible("case_003.mha"), is_visible("._case_003.mha"), is_visible("__MACOSX")
    (True, False, False)
    """
    return not name.startswith(".") and name != "__MACOSX"
