"""Damage of image files that ITK doesn't report.

ITK fills what is missing from a truncated or corrupt file with whatever it has: measured with SimpleITK 2.5.7, a cut
.nii.gz, a flipped bit in a compressed .mha or .nrrd, and a .tif that lost slices are all read without an error. The
checksums of the compressed streams and the chain of TIFF pages show the damage.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
_HEADER_BYTES = 1 << 16
_ZLIB_OR_GZIP = 47  # window bits of zlib: 32 + 15 detects either header


def is_damaged(path: Path) -> bool:
    """Return whether a file ends too early, or its compressed voxels don't have their checksum.

    Checked are .mha and .nrrd with voxels in the same file, .nii.gz, and .tif. A file with an unknown or unreadable
    header counts as undamaged: the image reader reports it.

    Args:
        path: Image file.

    Raises:
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        if path.name.endswith((".tif", ".tiff")):
            return not _pages_are_whole(file, path.stat().st_size)
        start = 0 if path.name.endswith(".gz") else _start_of_compressed_voxels(file.read(_HEADER_BYTES))
        if start is None:
            return False
        file.seek(start)
        return not _inflates(file)


def _start_of_compressed_voxels(head: bytes) -> int | None:
    """Return the offset of compressed voxels after a MetaImage or NRRD header; None where there are none."""
    if head.startswith(b"NRRD"):
        end = head.find(b"\n\n")
        compressed = any(line in head[:end].lower() for line in (b"encoding: gz", b"encoding: gzip"))
        return end + 2 if compressed and end > 0 else None
    last_key = head.find(b"ElementDataFile")
    end = head.find(b"\n", last_key)
    if last_key < 0 or end < 0 or b"CompressedData = True" not in head[:last_key]:
        return None
    return end + 1 if head[last_key:end].split(b"=")[-1].strip() == b"LOCAL" else None


def _inflates(file: BinaryIO) -> bool:
    """Return whether a zlib or gzip stream is complete and has its checksum."""
    stream = zlib.decompressobj(_ZLIB_OR_GZIP)
    try:
        while not stream.eof and (block := file.read(_BLOCK_BYTES)):
            stream.decompress(block)
    except zlib.error:
        return False
    return stream.eof


def _pages_are_whole(file: BinaryIO, size: int) -> bool:
    """Return whether every page directory of a TIFF, classic or Big, lies inside the file."""
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
