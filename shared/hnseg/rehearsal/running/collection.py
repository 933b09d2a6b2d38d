"""Copy of the files that a container wrote, taken so that nothing of this machine can get into it.

A container's output may hold anything that a file system can: links to files of this machine, pipes that are never
written to, millions of files, names that no terminal should show. Every folder and file is opened relative to the one
above it and never through a link, only regular files are copied, and everything is bounded. What is judged, shown and
kept afterwards is the copy.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from hnseg.errors import OutputError, UnreadableError
from hnseg.printable import is_utf8, printable

MOST_ENTRIES = 5_000
"""Number of files, folders and others after which no more are looked at; the platform takes 1,000 files."""
MOST_LEVELS = 32
"""Number of folders in each other below which nothing is looked at."""
MOST_BYTES = 4 << 30
"""Size of all files together above which no more are copied."""

_LONGEST_PATH_BYTES = 1024  # of the names of objects in the platform's storage
_MOST_LINKS_IN_TURN = 40  # that lead to each other, as Linux follows them
_BLOCK_BYTES = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not be waited for
_UNNAMEABLE = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


class Kind(Enum):
    """Kind of an entry that was not copied, and the reason."""

    LINK = "link"
    """Link to a folder of the output, or to nothing."""
    LINK_OUT = "link out"
    """Link that leads out of the output, which is not followed."""
    FIFO = "FIFO"
    SOCKET = "socket"
    DEVICE = "device"
    UNREADABLE = "unreadable"
    """File or folder that this user must not read."""
    TOO_DEEP = "too deep"
    """Entry below too many folders, or with too long a path."""
    TOO_LARGE = "too large"
    """File with which all files together would be too large."""
    NOT_UTF8 = "not UTF-8"
    """Entry whose name is not UTF-8."""
    UNNAMEABLE = "unnameable"
    """File whose printable name another one has, or can't be given here."""


_SPECIAL = {
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
    stat.S_IFCHR: Kind.DEVICE,
    stat.S_IFBLK: Kind.DEVICE,
}


@dataclass(frozen=True)
class LeftOut:
    """Entry of a container's output that was not copied.

    Attributes:
        path: Path relative to /output, in its printable form.
        kind: Kind of the entry.
        target: Path that a link names, in its printable form; empty for anything else.
    """

    path: PurePosixPath
    kind: Kind
    target: str = ""


@dataclass(frozen=True)
class Collection:
    """Copy of a container's output.

    Attributes:
        folder: Folder of the copy: regular files and folders only, with printable names.
        files: Paths of the files, relative to the folder, sorted.
        left_out: Entries that were not copied, sorted by their paths.
        is_complete: Whether every entry was looked at.
    """

    folder: Path
    files: tuple[PurePosixPath, ...]
    left_out: tuple[LeftOut, ...]
    is_complete: bool


def collect_output(source: Path, folder: Path) -> Collection:
    """Copy the regular files below a folder that nothing writes to any more.

    A link to a file below the same folder is copied as that file, as a program in the container sees it.

    Args:
        source: Folder that the container wrote to: /output.
        folder: Folder of the copy, which must not exist; made with its parents.

    Raises:
        OutputError: The copy can't be written.
    """
    copying = _Copying(source, folder)
    try:
        folder.mkdir(parents=True)
        copying.copy_all()
    except OSError as error:
        raise OutputError(
            f"The container's output must be copied to {folder}, but that failed: {error.strerror}."
            " Is there space and permission to write?"
        ) from error
    except UnreadableError:
        copying.leave_out("", Kind.UNREADABLE)
    return Collection(
        folder=folder,
        files=tuple(sorted(copying.kept.values())),
        left_out=tuple(sorted(copying.left_out, key=lambda entry: entry.path)),
        is_complete=copying.entries_left >= 0,
    )


class _Copying:
    """Copy of an output while it is made; paths are relative to the two folders.

    Attributes:
        kept: Path of each copied file in the copy, by its path in the output.
        left_out: Entries that were not copied.
        entries_left: Number of entries that may still be looked at; negative when there were more.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self.kept: dict[str, PurePosixPath] = {}
        self.left_out: list[LeftOut] = []
        self.entries_left = MOST_ENTRIES
        self._bytes_left = MOST_BYTES
        self._links: dict[str, str] = {}
        self._source, self._folder = source, folder

    def copy_all(self) -> None:
        """Copy every file, then those that links lead to."""
        with _opened(str(self._source), None, os.O_DIRECTORY) as top:
            self._copy_folder(top, "", level=0)
        for _ in range(_MOST_LINKS_IN_TURN):
            for path in [path for path in self._links if self._target_of(path) in self.kept]:
                self._copy_linked(path, self._target_of(path))
        for path, target in self._links.items():
            self.leave_out(path, Kind.LINK_OUT if self._leads_out(path) else Kind.LINK, target)

    def _copy_folder(self, folder: int, path: str, *, level: int) -> None:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, self.entries_left + 1))
        self.entries_left -= len(names)
        for name in names if self.entries_left >= 0 else names[: self.entries_left]:
            self._copy_entry(name, folder, posixpath.join(path, name), level=level)

    def _copy_entry(self, name: str, folder: int, path: str, *, level: int) -> None:
        if kind := _refusal(path, level):
            self.leave_out(path, kind)
            return
        try:
            with _reading():
                kind_bits = stat.S_IFMT(os.lstat(name, dir_fd=folder).st_mode)
                if kind_bits == stat.S_IFLNK:
                    self._links[path] = os.readlink(name, dir_fd=folder)
                    return
            if kind_bits in _SPECIAL:
                self.leave_out(path, _SPECIAL[kind_bits])
            else:
                self._copy_opened(name, folder, path, level=level)
        except UnreadableError:
            self.leave_out(path, Kind.UNREADABLE)

    def _copy_opened(self, name: str, folder: int, path: str, *, level: int) -> None:
        """Copy a file, or the members of a folder."""
        with _opened(name, folder, 0) as opened:
            if stat.S_ISDIR(os.fstat(opened).st_mode):
                self._copy_folder(opened, path, level=level + 1)
            else:
                self._copy_file(opened, path)

    def _copy_linked(self, path: str, target: str) -> None:
        del self._links[path]
        with _opened(str(self._folder / self.kept[target]), None, 0) as opened:
            self._copy_file(opened, path)

    def _copy_file(self, opened: int, path: str) -> None:
        size = os.fstat(opened).st_size
        kept = PurePosixPath(*map(printable, path.split("/")))
        if size > self._bytes_left:
            self.leave_out(path, Kind.TOO_LARGE)
            return
        try:
            (self._folder / kept).parent.mkdir(parents=True, exist_ok=True)
            with (self._folder / kept).open("xb") as copy:
                _copy_content(opened, copy, size)
        except OSError as error:
            if error.errno not in _UNNAMEABLE:
                raise
            self.leave_out(path, Kind.UNNAMEABLE)
            return
        self._bytes_left -= size
        self.kept[path] = kept

    def _leads_out(self, path: str) -> bool:
        """Return whether a link, or the last of those that it leads to in turn, leads out of the output."""
        for _ in range(_MOST_LINKS_IN_TURN):
            if path not in self._links:
                break
            path = self._target_of(path)
        return path.startswith(("/", "../")) or path == ".."

    def _target_of(self, path: str) -> str:
        """Return the path that a link leads to, relative to the output where it lies in it."""
        target = self._links[path]
        for top in ("/output", str(self._source)):
            if target.startswith(f"{top}/"):
                return posixpath.normpath(target.removeprefix(f"{top}/"))
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))

    def leave_out(self, path: str, kind: Kind, target: str = "") -> None:
        """Note an entry that is not copied; the empty path is the output itself."""
        shown = printable(path, longest=_LONGEST_PATH_BYTES)
        self.left_out.append(LeftOut(PurePosixPath(shown), kind, printable(target, longest=_LONGEST_PATH_BYTES)))


def _refusal(path: str, level: int) -> Kind | None:
    """Return the reason why an entry is not copied whatever it is; None where it may be."""
    if not is_utf8(path):
        return Kind.NOT_UTF8
    if level == MOST_LEVELS or len(path.encode()) > _LONGEST_PATH_BYTES:
        return Kind.TOO_DEEP
    return None


@contextmanager
def _reading() -> Iterator[None]:
    """Turn an error of the system into an `UnreadableError`."""
    try:
        yield
    except OSError as error:
        raise UnreadableError from error


@contextmanager
def _opened(name: str, folder: int | None, flags: int) -> Iterator[int]:
    """Open a file or folder that is no link, and yield its descriptor; one of this user's that is closed is opened.

    Raises:
        UnreadableError: It can't be opened.
    """
    with _reading():
        status = os.lstat(name, dir_fd=folder)
        needed = 0o500 if stat.S_ISDIR(status.st_mode) else 0o400
        if status.st_uid == os.geteuid() and status.st_mode & needed != needed:
            os.chmod(name, 0o700, dir_fd=folder)
        opened = os.open(name, _READ | flags, dir_fd=folder)
    try:
        yield opened
    finally:
        os.close(opened)


def _copy_content(opened: int, copy: BinaryIO, size: int) -> None:
    """Copy this many bytes, or as many as there are; blocks of zeros take no space in the copy."""
    left = size
    while left > 0 and (block := os.read(opened, min(left, _BLOCK_BYTES))):
        if block.count(0) == len(block):
            copy.seek(len(block), os.SEEK_CUR)
        else:
            copy.write(block)
        left -= len(block)
    copy.truncate(size - left)
