"""Files and folders of a cohort's source that belong to no case."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from hnseg.imaging.files.formats import stem_of
from hnseg.imaging.files.visible import beside


def untaken_in(folder: Path, taken: Collection[Path]) -> Iterator[Path]:
    """Yield what lies in a folder beside the files that cases have, a folder without any of them as a whole.

    A file that has a taken one's name with another suffix, such as a JSON sidecar or the voxels of an .mhd, belongs
    to that one. Hidden files are left out.
    """
    stems = {path.parent / stem_of(path.name) for path in taken}
    for path in beside(folder, taken):
        if not (stems & set(_possible_stems(path))):
            yield path


def _possible_stems(path: Path) -> Iterator[Path]:
    """Yield a path without its last suffix, without its last two, and so on."""
    stem = path.name
    while "." in stem:
        stem = stem.rpartition(".")[0]
        yield path.parent / stem
