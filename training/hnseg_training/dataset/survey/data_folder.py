"""Folder of the patients inside what was downloaded: archives unpack into folders of their own, or twice into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.visible import visible_in

_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tar.gz", ".tgz")
_DEEPEST = 4  # folders between the one that is named and the patients


def data_folder(source: Path, is_patient: Callable[[Path], bool], *, layout: str) -> Path:
    """Return the folder whose entries are patients: the one that is named, or the only one of the nearest below it.

    Args:
        source: Folder that the user named.
        is_patient: Whether an entry of a folder is a patient's, by its name.
        layout: Words on what the folder must hold, for the sentence of an error.

    Raises:
        InputError: There is none, or there are several at the same depth.
    """
    level = [source]
    for _ in range(_DEEPEST):
        found = [folder for folder in level if any(map(is_patient, visible_in(folder)))]
        if len(found) > 1:
            names = " and ".join(str(folder.relative_to(source)) for folder in found[:2])
            raise InputError(
                f"{source} must hold one folder of patients, but {names} are such folders."
                " Was the archive unpacked twice? Name one of them."
            )
        if found:
            return found[0]
        level = [path for folder in level for path in visible_in(folder) if path.is_dir()]
    raise _nothing_in(source, layout)


def _nothing_in(source: Path, layout: str) -> InputError:
    """Return the error of a folder without patients, which names an archive that was not unpacked."""
    packed = [path.name for path in visible_in(source) if path.name.lower().endswith(_ARCHIVES)]
    cause = f"Unpack {packed[0]} first, and name its folder." if packed else "Was the archive unpacked?"
    return InputError(f"{source} must hold {layout}, but there is no patient's folder in it. {cause}")
