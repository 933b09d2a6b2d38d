"""NIfTI-1 headers (.nii, .nii.gz), read before ITK sees them; SimpleITK 2.5.7 does not read NIfTI-2.

Fields and sizes: nifti1.h (https://nifti.nimh.nih.gov). ITK's reader (nifticlib, `nifti1_io.c`) replaces
numbers that are not finite by 0 without a word, so they are looked for here.
"""

from __future__ import annotations

import gzip
import itertools
import math
import operator
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import BYTES, Compression, Header, Stored, check_finite, check_size

_GZIP_MAGIC = b"\x1f\x8b"
_TYPES = {  # code: number type, numbers a voxel
    2: ("uint8", 1),
    4: ("int16", 1),
    8: ("int32", 1),
    16: ("float32", 1),
    32: ("float32", 2),  # complex
    64: ("float64", 1),
    128: ("uint8", 3),  # RGB
    256: ("int8", 1),
    512: ("uint16", 1),
    768: ("uint32", 1),
    1024: ("int64", 1),
    1280: ("uint64", 1),
    1792: ("float64", 2),  # complex
    2304: ("uint8", 4),  # RGBA
}
_MOST_HEADER_BYTES = 1 << 20  # with extensions, which lie before the voxels
_SCALE_TOLERANCE = 0.01
_ANGLE_TOLERANCE = 1e-4
_LEAST_SLOPE = 1e-15  # ITK takes one under the precision of float64 for none


class _Fields(NamedTuple):
    """Fields of a header that decide about an image, each with its numbers."""

    dim: tuple[int, ...]
    datatype: tuple[int, ...]
    """Code of the type, and bits a voxel."""
    pixdim: tuple[float, ...]
    voxel_offset: tuple[float]
    scaling: tuple[float, float]
    """Slope and intercept."""
    form_codes: tuple[int, ...]
    """Codes of the qform and the sform; 0 for none."""
    quaternion: tuple[float, ...]
    affine: tuple[float, ...]


_PLACES = {
    "dim": (40, "8h"),
    "datatype": (70, "2h"),
    "pixdim": (76, "8f"),
    "voxel_offset": (108, "f"),
    "scaling": (112, "2f"),
    "form_codes": (252, "2h"),
    "quaternion": (256, "6f"),
    "affine": (280, "12f"),
}
"""Offset of each field, and its form as struct has it."""
_HEADER_BYTES, _NIFTI_2_BYTES = 348, 540  # as the first field of each says
_MAGIC = (344, b"n+1\0")


def read_nifti_header(path: Path, file: BinaryIO) -> Header:
    """Read the header of a single-file NIfTI, plain or compressed by gzip.

    Args:
        path: Image file.
        file: The same, opened for binary reading at its start.

    Returns:
        Promise of the header. The sizes of all axes that the header counts are there, but for trailing ones of 1
        beyond the third.

    Raises:
        HeaderError: The header is not one of an image that is understood.
        OSError: The file can't be read.
    """
    head, is_compressed = _head(path, file)
    order = _byte_order(head)
    fields = _Fields(*(struct.unpack_from(order + form, head, offset) for offset, form in _PLACES.values()))
    size, vector_length = _size(fields.dim)
    component_type, components = _type(fields.datatype)
    _check_geometry(fields.pixdim, fields.form_codes, fields.quaternion, fields.affine)
    _check_scaling(*fields.scaling)
    offset = _offset(*fields.voxel_offset)
    stored = Stored(path, 0, Compression.GZIP, skipped=offset) if is_compressed else Stored(path, offset)
    return Header("NiftiImageIO", size, components * vector_length, component_type, stored, order)


def _head(path: Path, file: BinaryIO) -> tuple[bytes, bool]:
    """Return the first bytes of a file, inflated, and whether they are compressed."""
    first = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    if first != _GZIP_MAGIC:
        return file.read(_HEADER_BYTES), False
    if path.suffix.lower() != ".gz":
        raise HeaderError("it is compressed by gzip, which its name does not say")
    try:
        return gzip.GzipFile(fileobj=file).read(_HEADER_BYTES), True
    except (OSError, EOFError, zlib.error) as error:
        raise HeaderError(f"its gzip stream can't be inflated ({error})") from error


def _byte_order(head: bytes) -> str:
    """Return the byte order of a header, as struct has it."""
    offset, magic = _MAGIC
    for order in "<>":
        if head[:4] == struct.pack(order + "i", _NIFTI_2_BYTES):
            raise HeaderError("it is a NIfTI-2, which ITK does not read; NIfTI-1 holds as much")
        if head[:4] == struct.pack(order + "i", _HEADER_BYTES) and head[offset:] == magic:
            return order
    if head[offset:] == b"ni1\0":
        raise HeaderError("its voxels lie in another file, and must lie in the file itself")
    raise HeaderError("it does not begin with the header of a NIfTI file")


def _size(dim: tuple[float, ...]) -> tuple[tuple[int, ...], int]:
    """Return the size along each axis, and the length of the vectors that the fifth axis stands for."""
    count, *sizes = (int(number) for number in dim)
    if not 2 <= count <= 7:
        raise HeaderError(f"its dim[0] is {count}, not 2 to 7")
    if min(sizes[:count]) < 1:
        raise HeaderError(f"its size is {tuple(sizes[:count])}, and each must be over 0")
    axes, vector_length, beyond = sizes[: min(count, 4)], sizes[4] if count > 4 else 1, sizes[5:count]
    if any(size > 1 for size in beyond):
        raise HeaderError(f"it has {count} dimensions, not 2 to 4")
    while len(axes) > 3 and axes[-1] == 1:
        axes.pop()
    check_size(tuple(axes))
    return tuple(axes), vector_length


def _type(datatype: tuple[float, ...]) -> tuple[str, int]:
    """Return the type of the numbers, and how many a voxel has by its type."""
    code, bits = (int(number) for number in datatype)
    if code not in _TYPES:
        raise HeaderError(f"its datatype is {code}, not that of a number")
    component_type, components = _TYPES[code]
    if bits != BYTES[component_type] * components * 8:
        raise HeaderError(f"its bitpix is {bits}, which is not that of its datatype, {code}")
    return component_type, components


def _check_geometry(
    pixdim: tuple[float, ...], form_codes: tuple[float, ...], quaternion: tuple[float, ...], affine: tuple[float, ...]
) -> None:
    """Refuse a spacing, or a position in use, that ITK would mend or replace without a word."""
    spacing = pixdim[1:4]
    check_finite("pixdim", spacing)
    if min(spacing) <= 0:
        raise HeaderError(f"its pixdim is {_in_words(spacing)}, and each must be over 0")
    has_qform, has_sform = (code > 0 for code in form_codes)
    if not (has_qform or has_sform):
        raise HeaderError("it has neither a qform nor an sform, so that its place and orientation are not known")
    if has_qform:
        check_finite("qform", quaternion)
    if has_sform:
        check_finite("sform", affine)
    if has_sform:
        _check_scale(affine, spacing)
    if has_sform and has_qform:  # without a qform ITK refuses it
        _check_angles(affine)


def _check_scale(affine: tuple[float, ...], spacing: tuple[float, ...]) -> None:
    """Refuse an sform whose spacing is not that of pixdim."""
    columns = [math.hypot(*affine[axis::4]) for axis in range(3)]
    pairs = zip(columns, spacing, strict=True)
    if any(abs(column - side) > _SCALE_TOLERANCE * side for column, side in pairs):
        raise HeaderError(f"its sform has a spacing of {_in_words(columns)}, but its pixdim is {_in_words(spacing)}")


def _check_angles(affine: tuple[float, ...]) -> None:
    """Refuse an sform whose axes are not at right angles: ITK would take the qform's, and other readers not."""
    for one, other in itertools.combinations((affine[axis::4] for axis in range(3)), 2):
        cosine = sum(map(operator.mul, one, other)) / (math.hypot(*one) * math.hypot(*other))
        if abs(cosine) > _ANGLE_TOLERANCE:
            raise HeaderError("the axes of its sform are not at right angles")


def _in_words(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:g}" for number in numbers)


def _check_scaling(slope: float, intercept: float) -> None:
    """Refuse a scaling that readers understand differently.

    A slope of 0, or one that is no number, means none. But ITK adds an intercept all the same, and takes a tiny slope
    for none.
    """
    scales = math.isfinite(slope) and slope != 0
    if scales:
        check_finite("scl_inter", (intercept,))
    if scales and abs(slope) < _LEAST_SLOPE:
        raise HeaderError(f"its scl_slope is {slope:g}, which is too small for a scale")
    if slope == 0 and intercept != 0:
        raise HeaderError(f"its scl_slope is 0, but its scl_inter {intercept:g}")


def _offset(voxel_offset: float) -> int:
    """Return the offset of the first voxel in the inflated file."""
    least = _HEADER_BYTES + 4  # the four bytes that say whether extensions follow
    if not least <= voxel_offset <= _MOST_HEADER_BYTES or voxel_offset != int(voxel_offset):
        raise HeaderError(f"its vox_offset is {voxel_offset:g}, not a whole number from {least} on")
    return int(voxel_offset)
