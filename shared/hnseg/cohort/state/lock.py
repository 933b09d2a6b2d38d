"""Lock of a folder of results: one run at a time, or the different shards of one division."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from hnseg.errors import InputError, OutputError

_START_S = 3.0
_POLL_S = 0.05

Shard = tuple[int, int]
"""Number of a share, from 1, and the number of shares."""


@contextmanager
def cohort_lock(folder: Path, shard: Shard | None = None) -> Iterator[None]:
    """Hold a folder of results; the kernel frees it when the process ends, however it ends.

    Hosts that share the folder see each other's locks where the file system has `flock`, as NFS has since Linux 2.6.12
    unless it is mounted with `nolock` or `local_lock`.

    Args:
        folder: Folder for the lock's files, which exists.
        shard: Share that is run; None for a run of all cases, which excludes every other.

    Raises:
        InputError: Another run holds it, which the sentence names.
        OutputError: The file system has no locks, or the folder can't be written to.
    """
    with ExitStack() as held:
        of_all = _opened(held, folder / "run.lock")
        if not (_takes_all(of_all, shard) if shard is None else _joins(of_all, shard)):
            raise _held_by(of_all, folder)
        if shard is not None:
            of_shard = _opened(held, folder / f"shard-{shard[0]}-of-{shard[1]}.lock")
            if not _taken(of_shard, fcntl.LOCK_EX):
                raise _held_by(of_shard, folder)
            _write(of_shard, f"{_me()}, {_in_words(shard)}")
        yield


def _takes_all(file: TextIO, shard: Shard | None) -> bool:
    """Return whether nobody holds the folder, and hold it alone."""
    if not _taken(file, fcntl.LOCK_EX):
        return False
    _write(file, f"{_me()}, {_in_words(shard)}")
    return True


def _joins(file: TextIO, shard: Shard) -> bool:
    """Return whether nobody holds the folder but shards of the same division, and share it with them.

    The shards of an array start at once: while one of them holds the folder alone to write who has it, others wait.
    """
    until_s = time.monotonic() + _START_S
    while True:
        if _takes_all(file, shard):
            fcntl.flock(file, fcntl.LOCK_UN)
        if _taken(file, fcntl.LOCK_SH) and f"of {shard[1]} shards" in _read(file):
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
        if time.monotonic() > until_s:
            return False
        time.sleep(_POLL_S)


def _opened(held: ExitStack, path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(
            f"The folder of results must be writable, but {path} can't be made: {error.strerror}."
        ) from error
    return held.enter_context(os.fdopen(descriptor, "r+", encoding="utf-8"))


def _taken(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise OutputError(
            f"The folder of results must lie on a file system with locks, but {file.name} can't be locked:"
            f" {error.strerror}. Is it a network file system that is mounted without them?"
        ) from error
    return True


def _held_by(file: TextIO, folder: Path) -> InputError:
    return InputError(
        f"One run at a time may write to {folder.parent}, but another has it ({_read(file) or 'unknown'})."
        " Wait for it, stop it, or name another folder."
    )


def _me() -> str:
    started = datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {started}"


def _in_words(shard: Shard | None) -> str:
    return "all cases" if shard is None else f"number {shard[0]} of {shard[1]} shards"


def _write(file: TextIO, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _read(file: TextIO) -> str:
    file.seek(0)
    return file.read().strip()
