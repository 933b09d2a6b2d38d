"""Voxels of an image file: whether all bytes that its header promises are there, and whole.

ITK fills what is missing with whatever it has, and passes over what is too much: measured with SimpleITK 2.5.7, a cut
file of any format, a short stream in a whole gzip member, a missing second member and a flipped bit in compressed
voxels are all read without an error. And of a NIfTI it reads NaN and infinities as 0.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from functools import partial
from typing import BinaryIO

import numpy as np

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression, Header

_BLOCK_BYTES = 1 << 20
_WINDOW_BITS = {Compression.ZLIB: 47, Compression.GZIP: 31}  # 32 + 15 takes zlib's or gzip's header, 16 + 15 gzip's


def check_voxels(header: Header) -> int:
    """Check that the bytes of the voxels are those that the header promises, with their checksums.

    Compressed bytes are inflated in pieces of 1 MiB and dropped; no more are inflated than the header promises.

    Args:
        header: Promise of the file's header.

    Returns:
        Number of voxels that are NaN or infinite, where ITK would read them as 0; always 0 for other formats.

    Raises:
        HeaderError: There are fewer or more bytes than promised, or they don't have their checksum.
        OSError: The file can't be read.
    """
    stored = header.stored
    hides = header.image_io == "NiftiImageIO" and "float" in header.component_type
    hidden = _HiddenNumbers(header)
    with stored.path.open("rb") as file:
        present = file.seek(0, 2) - stored.start
        file.seek(stored.start)
        if stored.compression is Compression.NONE:
            _compare(present, header.owed)
            if not hides:
                return 0
        elif stored.compressed_size not in (None, present):
            raise HeaderError(
                f"its CompressedDataSize is {stored.compressed_size}, but {present} bytes follow its header"
            )
        count = -stored.skipped
        for block in _blocks(file, stored.compression):
            count += len(block)
            if count > header.owed:
                break  # before the rest of what may be a thousand times as much
            if hides:
                hidden.add(block)
    _compare(count, header.owed)
    return hidden.count


def check_length(header: Header) -> None:
    """Check that a file is as long as its header promises, without inflating it where its end tells.

    A gzip file ends with the number of bytes that it inflates to, modulo 2**32 (RFC 1952): a cut file ends with other
    bytes. Where that number is another one, as it is of a file in several members too, all bytes are checked.

    Args:
        header: Promise of the file's header.

    Raises:
        HeaderError: There are fewer or more bytes than promised.
        OSError: The file can't be read.
    """
    stored = header.stored
    with stored.path.open("rb") as file:
        size = file.seek(0, 2)
        if stored.compression is Compression.NONE:
            _compare(size - stored.start, header.owed)
            return
        file.seek(max(size - 4, 0))
        inflated = int.from_bytes(file.read(), "little")
    if stored.compression is not Compression.GZIP or inflated != (stored.skipped + header.owed) % 2**32:
        check_voxels(header)


class _HiddenNumbers:
    """Count of the numbers in a stream of bytes that are NaN or infinite.

    Attributes:
        count: Number of them so far.
    """

    def __init__(self, header: Header) -> None:
        self.count = 0
        self._skipped = header.stored.skipped
        self._dtype = np.dtype(header.component_type).newbyteorder("<" if header.byte_order == "<" else ">")
        self._rest = b""

    def add(self, block: bytes) -> None:
        """Count the numbers that end in a block; the first bytes of the stream may be a header's."""
        skipped = min(self._skipped, len(block))
        self._skipped -= skipped
        known = self._rest + block[skipped:]
        whole = len(known) // self._dtype.itemsize * self._dtype.itemsize
        numbers = np.frombuffer(known[:whole], self._dtype)
        self.count += numbers.size - int(np.isfinite(numbers).sum())
        self._rest = known[whole:]


def _compare(present: int, owed: int) -> None:
    if present < owed:
        raise HeaderError(f"it holds {max(present, 0)} of the {owed} bytes of its voxels")
    if present > owed:
        raise HeaderError(f"it holds more than the {owed} bytes of its voxels")


def _blocks(file: BinaryIO, compression: Compression) -> Iterator[bytes]:
    """Yield the bytes of a file, of all its streams where it is compressed, in blocks of at most 1 MiB."""
    if compression is Compression.NONE:
        yield from iter(partial(file.read, _BLOCK_BYTES), b"")
        return
    rest = yield from _inflated_stream(file, b"", compression)
    while rest := rest or file.read(_BLOCK_BYTES):
        if compression is Compression.ZLIB:
            raise HeaderError("something follows its compressed voxels")
        rest = yield from _inflated_stream(file, rest, compression)


def _inflated_stream(file: BinaryIO, rest: bytes, compression: Compression) -> Generator[bytes, None, bytes]:
    """Yield the bytes of one stream, of which the first were read, and return what was read after its end."""
    stream = zlib.decompressobj(_WINDOW_BITS[compression])
    while not stream.eof:
        rest = rest or file.read(_BLOCK_BYTES)
        try:
            inflated = stream.decompress(rest, _BLOCK_BYTES)
        except zlib.error as error:
            raise HeaderError(f"its compressed voxels can't be inflated ({error})") from error
        if not (rest or inflated or stream.eof):
            raise HeaderError("its compressed voxels have no end")
        yield inflated
        rest = stream.unconsumed_tail
    return stream.unused_data
