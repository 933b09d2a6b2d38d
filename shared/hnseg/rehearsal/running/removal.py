"""Removal of a folder that a container filled, however deep, full or closed it is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: Path) -> None:
    """Remove a folder with everything in it; what this user must not remove stays, without an error.

    `shutil.rmtree` calls itself and holds a file open for each level, so that a thousand levels stop it before it has
    removed anything. Here the folders of every level are moved up to the first one. No link is followed, also not the
    folder itself.
    """
    if folder.is_symlink():
        return
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
        top = os.open(folder, _FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()


def _empty(top: int) -> None:
    """Remove the entries of an open folder until no more of them can be."""
    prefix = uuid4().hex
    new_names = (f"{prefix}-{number}" for number in count())
    while sum(_remove(name, top, new_names) for name in os.listdir(top)):
        pass


def _remove(name: str, top: int, new_names: Iterator[str]) -> bool:
    """Remove an entry of an open folder, and move the folders in it up; return whether that was allowed."""
    try:
        os.unlink(name, dir_fd=top)
    except IsADirectoryError:
        return _remove_folder(name, top, new_names)
    except OSError:
        return False
    return True


def _remove_folder(name: str, top: int, new_names: Iterator[str]) -> bool:
    try:
        os.chmod(name, 0o700, dir_fd=top)
        folder = os.open(name, _FOLDER, dir_fd=top)
        try:
            for member in os.listdir(folder):  # noqa: PTH208 (a descriptor, not a path)
                _remove_or_move_up(member, folder, top, new_names)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=top)
    except OSError:
        return False
    return True


def _remove_or_move_up(name: str, folder: int, top: int, new_names: Iterator[str]) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        os.chmod(name, 0o700, dir_fd=folder)  # a folder that is closed can't be moved
        os.rename(name, next(new_names), src_dir_fd=folder, dst_dir_fd=top)
