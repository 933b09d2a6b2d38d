"""Unpacking of a model's archive by the rules of Python's `data` filter, as the platform does it.

A Python without tarfile's filters, such as the 3.11.2 of Debian 12, gets the same rules from here (PEP 706: names and
links stay below the folder; no devices and pipes; nobody's rights or ownership is taken over).
"""

from __future__ import annotations

import os
import tarfile
import zlib
from pathlib import Path

from hnseg.errors import ModelError


def unpack_model(archive: Path, folder: Path) -> None:
    """Unpack a .tar.gz into an empty folder.

    Raises:
        ModelError: It is no such archive, or a member is a device or a pipe, or leads out of the folder.
    """
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            _extract_all(tar, folder)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise ModelError(
            f"Could not set up model: {archive.name} must be a .tar.gz without absolute paths or links that lead out"
            f" of it, but unpacking failed ({error}). Pack it with: tar -czf model.tar.gz -C model ."
        ) from error


def _extract_all(tar: tarfile.TarFile, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
        return
    for member in tar:
        member.name = member.name.lstrip("/")
        _check(member, folder.resolve())
        tar.extract(member, folder, set_attrs=False)


def _check(member: tarfile.TarInfo, folder: Path) -> None:
    """Check a member whose name is relative, after those before it were unpacked into the resolved folder.

    Raises:
        TarError: It must not be unpacked.
    """
    place = Path(member.name)
    if not (member.isreg() or member.isdir() or member.islnk() or member.issym()):
        raise tarfile.TarError(f"{member.name!r} is a special file")
    if not _is_below(folder, place):
        raise tarfile.TarError(f"{member.name!r} would be extracted outside the destination")
    if member.issym() and not _is_below(folder, place.parent / member.linkname):
        raise tarfile.TarError(f"{member.name!r} would link to a path outside the destination")
    if member.islnk() and not _is_below(folder, Path(member.linkname)):
        raise tarfile.TarError(f"{member.name!r} would link to a path outside the destination")


def _is_below(folder: Path, path: Path) -> bool:
    """Return whether a relative path, its links followed, lies in a resolved folder; an absolute one does not."""
    return not path.is_absolute() and Path(os.path.realpath(folder / path)).is_relative_to(folder)
