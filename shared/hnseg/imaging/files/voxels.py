"""Voxels of an image file: whether all bytes that its header promises are there, and whole.

ITK fills what is missing with whatever it has, and passes over what is too much: measured with SimpleITK 2.5.7, a cut
file of any format, a short stream in a whole gzip member, a missing second member and a flipped bit in compressed
voxels are all read without an error.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

from hnseg.imaging.files.header import Compression, Header, HeaderError, Stored

_BLOCK_BYTES = 1 << 20
_WINDOW_BITS = {Compression.ZLIB: 47, Compression.GZIP: 31}  # 32 + 15 takes zlib's or gzip's header, 16 + 15 gzip's


def check_voxels(header: Header) -> None:
    """Check that the bytes of the voxels are those that the header promises, with their checksums.

    Compressed bytes are inflated in pieces of 1 MiB and dropped; no more are inflated than the header promises.

    Args:
        header: Promise of the file's header.

    Raises:
        HeaderError: There are fewer or more bytes than promised, or they don't have their checksum.
        OSError: The file can't be read.
    """
    stored = header.stored
    with stored.path.open("rb") as file:
        present = file.seek(0, 2) - stored.start
        file.seek(stored.start)
        if stored.compression is Compression.NONE:
            _compare(present, header.owed)
            return
        if stored.compressed_size not in (None, present):
            raise HeaderError(
                f"its CompressedDataSize is {stored.compressed_size}, but {present} bytes follow its header"
            )
        _compare(_inflated_bytes(file, stored, header.owed + stored.skipped) - stored.skipped, header.owed)


def _compare(present: int, owed: int) -> None:
    if present < owed:
        raise HeaderError(f"it holds {max(present, 0)} of the {owed} bytes of its voxels")
    if present > owed:
        raise HeaderError(f"it holds more than the {owed} bytes of its voxels")


def _inflated_bytes(file: BinaryIO, stored: Stored, most: int) -> int:
    """Return the number of bytes that a compressed file holds, counted until they are more than `most`."""
    count, rest = _inflate_stream(file, b"", stored, most)
    while count <= most and (rest := rest or file.read(_BLOCK_BYTES)):
        if stored.compression is Compression.ZLIB:
            raise HeaderError("something follows its compressed voxels")
        more, rest = _inflate_stream(file, rest, stored, most - count)
        count += more
    return count


def _inflate_stream(file: BinaryIO, rest: bytes, stored: Stored, most: int) -> tuple[int, bytes]:
    """Return the number of bytes in one stream, counted until they are more than `most`, and what was read after it.

    Args:
        file: The file, at what follows `rest`.
        rest: First bytes of the stream, as far as they were read.
        stored: Place and compression of the voxels.
        most: Most bytes that are inflated, to within a block.
    """
    stream = zlib.decompressobj(_WINDOW_BITS[stored.compression])
    count = 0
    while not stream.eof and count <= most:
        rest = rest or file.read(_BLOCK_BYTES)
        try:
            inflated = stream.decompress(rest, _BLOCK_BYTES)
        except zlib.error as error:
            raise HeaderError(f"its compressed voxels can't be inflated ({error})") from error
        if not (rest or inflated or stream.eof):
            raise HeaderError("its compressed voxels have no end")
        count += len(inflated)
        rest = stream.unconsumed_tail
    return count, stream.unused_data
