"""Bounded reading of small files: JSON values, tables, settings. Only a regular file is ever waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MIB = 1 << 20


def read_bounded(path: Path, *, most_mib: int = 16) -> bytes:
    """Read the whole of a regular file that is not too large.

    Args:
        path: The file, or a symbolic link to it.
        most_mib: Largest size that is read, in MiB.

    Raises:
        OSError: The file is missing, can't be read, is larger, or is a pipe, a socket, a device or a folder.

    >>> read_bounded(Path("/dev/zero"))
    Traceback (most recent call last):
    OSError: [Errno 22] Not a regular file: '/dev/zero'
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is opened without a writer
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        content = file.read(most_mib * MIB + 1)
    if len(content) > most_mib * MIB:
        raise OSError(errno.EFBIG, f"Larger than {most_mib} MiB", str(path))
    return content
