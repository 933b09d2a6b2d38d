"""Header of an image file: what it promises of its voxels, and where they lie, whatever the format."""

from __future__ import annotations

import math
import re
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from hnseg.errors import HeaderError


class Compression(Enum):
    """Compression of the voxels in a file.

    Attributes:
        NONE: The bytes lie there as they are.
        ZLIB: One zlib or gzip stream that ends where the voxels end, as in MetaImage.
        GZIP: One or more gzip members one after the other, as in NIfTI and NRRD.
    """

    NONE = "none"
    ZLIB = "zlib"
    GZIP = "gzip"


class Stored(NamedTuple):
    """Place of the voxels in a file.

    Attributes:
        path: File that holds them: the image file itself, or the second file of an `.mhd`.
        start: Offset of the first byte, before any decompression.
        compression: Compression of the bytes from there to the end of the file.
        skipped: Number of bytes, once inflated, before the first voxel: a compressed NIfTI's own header.
        compressed_size: Number of compressed bytes that the header promises; None where it doesn't say.
    """

    path: Path
    start: int
    compression: Compression = Compression.NONE
    skipped: int = 0
    compressed_size: int | None = None


class Header(NamedTuple):
    """Promise of an image file's header.

    Attributes:
        image_io: Name of the SimpleITK reader for the format.
        size: Number of voxels along each axis, the fastest in the file first; trailing axes of 1 may be among them.
        components: Numbers a voxel.
        component_type: NumPy name of the type of each number, such as "int16".
        stored: Place of the voxels.
        byte_order: Order of the bytes of a number, as struct has it: "<" or ">". Only NIfTI headers say it here.
    """

    image_io: str
    size: tuple[int, ...]
    components: int
    component_type: str
    stored: Stored
    byte_order: str = "<"

    @property
    def owed(self) -> int:
        """Number of bytes that the voxels take, uncompressed."""
        return math.prod(self.size) * self.components * BYTES[self.component_type]


BYTES = {
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "float32": 4,
    "float64": 8,
}
"""Bytes of a number, by the NumPy name of its type."""

_MOST_DIMENSIONS = 4


def check_size(size: tuple[int, ...]) -> None:
    """Refuse a size that no image has.

    Args:
        size: Number of voxels along each axis.

    Raises:
        HeaderError: There are not 2 to 4 axes, or one has no voxels.
    """
    if not 2 <= len(size) <= _MOST_DIMENSIONS:
        raise HeaderError(f"it has {len(size)} dimensions, not 2 to {_MOST_DIMENSIONS}")
    if min(size) < 1:
        raise HeaderError(f"its size is {size}, and each must be over 0")


def check_ascii(name: str, value: str) -> None:
    """Refuse a field with characters that Python takes for blanks or digits, and ITK not.

    Args:
        name: Name of the field in the format.
        value: Its text.

    Raises:
        HeaderError: It has characters beyond ASCII, or that can't be seen.
    """
    if not re.fullmatch(r"[\t -~]*", value):
        raise HeaderError(f"its {name} is {value[:80]!r}, which has characters that are not of ASCII")


def check_finite(name: str, numbers: tuple[float, ...]) -> None:
    """Refuse numbers of a header that are NaN or infinite.

    Args:
        name: Name of the field in the format.
        numbers: Its numbers.

    Raises:
        HeaderError: One is not finite.
    """
    if not all(math.isfinite(number) for number in numbers):
        raise HeaderError(f"its {name} is {' '.join(f'{number:g}' for number in numbers)}, which is not finite")
