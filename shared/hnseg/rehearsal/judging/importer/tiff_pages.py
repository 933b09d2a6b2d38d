"""Pages of a TIFF file: libtiff reads one that lost slices, or whose pages form a ring, without an error or an end."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO


def pages_are_whole(path: Path) -> bool:
    """Return whether every page directory of a TIFF, classic or Big, lies inside the file, and none follows itself.

    A file that is no TIFF counts as whole: the image reader reports it.

    Args:
        path: Image file.

    Raises:
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        return _are_whole(file, path.stat().st_size)


def _are_whole(file: BinaryIO, size: int) -> bool:
    head = file.read(16).ljust(16, b"\0")
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        return True  # not a TIFF at all: the image reader says so
    big = struct.unpack(f"{order}H", head[2:4])[0] == 43
    count_code, offset_code, entry_bytes = ("Q", "Q", 20) if big else ("H", "I", 12)
    count_bytes, offset_bytes = struct.calcsize(count_code), struct.calcsize(offset_code)
    (offset,) = struct.unpack_from(order + offset_code, head, 8 if big else 4)
    visited: set[int] = set()
    while offset:
        if offset in visited or offset + count_bytes > size:
            return False
        visited.add(offset)
        file.seek(offset)
        (entries,) = struct.unpack(order + count_code, file.read(count_bytes))
        after_entries = offset + count_bytes + entries * entry_bytes
        if after_entries + offset_bytes > size:
            return False
        file.seek(after_entries)
        (offset,) = struct.unpack(order + offset_code, file.read(offset_bytes))
    return True
