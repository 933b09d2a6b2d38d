"""NRRD headers (.nrrd), read before ITK sees them.

Fields and their other spellings: the format's definition (https://teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import BYTES, Compression, Header, Stored, check_ascii, check_finite, check_size

_MOST_HEADER_BYTES = 16 << 20
_MOST_LINE_BYTES = 1 << 20
_MOST_CHARACTERS = 500  # of a field; a word of thousands crashes ITK
_MAGIC = re.compile(r"NRRD000[1-5]")

_SPELLINGS = {
    "int8": ("signed char", "int8", "int8_t"),
    "uint8": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "int16": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "uint16": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "int32": ("int", "signed int", "int32", "int32_t"),
    "uint32": ("uint", "unsigned int", "uint32", "uint32_t"),
    "int64": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "uint64": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "float32": ("float",),
    "float64": ("double",),
}
_TYPES = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
_ENCODINGS = {"raw": Compression.NONE, "gzip": Compression.GZIP, "gz": Compression.GZIP}
_OTHER_SPELLINGS = {
    "datafile": "data file",
    "lineskip": "line skip",
    "byteskip": "byte skip",
    "axismins": "axis mins",
    "axismaxs": "axis maxs",
    "centers": "centerings",
    "sampleunits": "sample units",
}
_IMAGE_KINDS = {"domain", "space", "time", "none", "???"}
_USED = {"type", "dimension", "sizes", "encoding", "endian", "line skip", "byte skip", "data file", "kinds"}
_GEOMETRY = {"space", "space dimension", "space directions", "space origin", "spacings"}
_LEFT_ALONE = {
    *("content", "number", "min", "max", "old min", "old max", "block size", "axis mins", "axis maxs", "thicknesses"),
    *("centerings", "labels", "units", "space units", "sample units", "measurement frame"),
}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?nan|[+-]?inf", re.IGNORECASE)


def read_nrrd_header(path: Path, file: BinaryIO) -> Header:
    """Read the header of a NRRD whose voxels follow it, raw or compressed by gzip.

    Args:
        path: Image file.
        file: The same, opened for binary reading at its start.

    Returns:
        Promise of the header. An axis that holds the numbers of a voxel counts as `components`, not in `size`.

    Raises:
        HeaderError: The header is not one of an image that is understood.
        OSError: The file can't be read.
    """
    fields = _fields(file)
    sizes = _sizes(fields)
    for name in ("line skip", "byte skip"):
        if fields.get(name, "0") != "0":
            raise HeaderError(f"its {name} is {fields[name]!r}, not 0")
    if (component_type := _TYPES.get(fields["type"].lower())) is None:
        raise HeaderError(f"its type is {fields['type']!r}, not that of a number")
    if BYTES[component_type] > 1 and fields.get("endian") not in ("little", "big"):
        raise HeaderError(f"its endian is {fields.get('endian', 'missing')!r}, not little or big")
    if (compression := _ENCODINGS.get(fields["encoding"].lower())) is None:
        raise HeaderError(f"its encoding is {fields['encoding']!r}, not raw or gzip")
    for name in ("space directions", "space origin", "spacings"):
        check_finite(name, _numbers(name, fields.get(name, "")))
    _check_vectors(fields)
    size, components = _split_components(sizes, fields.get("kinds", "").lower().split())
    check_size(size)
    return Header("NrrdImageIO", size, components, component_type, Stored(path, file.tell(), compression))


def _fields(file: BinaryIO) -> dict[str, str]:
    """Return the fields of a header, and leave the file at the first byte after its blank line."""
    fields: dict[str, str] = {}
    if not _MAGIC.fullmatch(_line(file)):
        raise HeaderError("it does not begin with the magic of a NRRD file")
    for name, value in _lines(file):
        if name not in _USED | _GEOMETRY | _LEFT_ALONE:
            raise HeaderError(f"it has an unknown field, {name[:40]!r}")
        if name in fields:
            raise HeaderError(f"it has two fields {name}")
        if len(value) > _MOST_CHARACTERS:
            raise HeaderError(f"its {name} has {len(value)} characters, over {_MOST_CHARACTERS}")
        if name in _USED | _GEOMETRY:
            check_ascii(name, value)
        fields[name] = value
    if "data file" in fields:
        raise HeaderError("its voxels lie in another file, and must lie in the file itself")
    for name in ("type", "dimension", "sizes", "encoding"):
        if name not in fields:
            raise HeaderError(f"it has no field {name}")
    return fields


def _lines(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a header's fields without comments and somebody's own keys."""
    while text := _line(file):
        name, separator, value = text.partition(": ")
        if text.startswith("#") or ":=" in (name if separator else text):
            continue
        if not separator:
            raise HeaderError(f"a line of it is no field: {text[:40]!r}")
        yield _OTHER_SPELLINGS.get(name.lower(), name.lower()), value.strip()


def _line(file: BinaryIO) -> str:
    """Return the next line of a header without its end."""
    line = file.readline(_MOST_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise HeaderError("its header has no end")
    if file.tell() > _MOST_HEADER_BYTES:
        raise HeaderError(f"its header is longer than {_MOST_HEADER_BYTES >> 20} MiB")
    if b"\0" in line:
        raise HeaderError("it has a zero byte in its header")
    return line.decode("latin-1").rstrip("\r\n")


def _sizes(fields: dict[str, str]) -> tuple[int, ...]:
    if fields["dimension"] not in ("2", "3", "4"):
        raise HeaderError(f"its dimension is {fields['dimension'][:40]!r}, not 2 to 4")
    words = fields["sizes"].split()
    if len(words) != int(fields["dimension"]) or not all(re.fullmatch("[0-9]{1,18}", word) for word in words):
        raise HeaderError(f"its sizes are {fields['sizes'][:80]!r}, not {fields['dimension']} whole numbers")
    return tuple(int(word) for word in words)


def _check_vectors(fields: dict[str, str]) -> None:
    """Refuse an origin that is not one vector, and directions that are not a vector, or none, for each axis."""
    origin = fields.get("space origin", "()")
    if not re.fullmatch(r"\([^()]*\)", origin):
        raise HeaderError(f"its space origin is {origin[:80]!r}, not one vector")
    if "space directions" not in fields:
        return
    vectors = re.findall(r"\([^()]*\)|none", fields["space directions"])
    given = sum(vector != "none" for vector in vectors)
    if len(vectors) != int(fields["dimension"]) or given < min(2, len(vectors)):
        raise HeaderError(f"its space directions are {fields['space directions'][:80]!r}")


def _numbers(name: str, value: str) -> tuple[float, ...]:
    """Return the numbers of a vector or of several, as (1,0,0) (0,1,0) none."""
    words = [word for word in re.split(r"[(),\s]+", value) if word not in {"", "none"}]
    if wrong := [word for word in words if not _NUMBER.fullmatch(word)]:
        raise HeaderError(f"its {name} has {wrong[0][:40]!r}, which is no number")
    return tuple(map(float, words))


def _split_components(sizes: tuple[int, ...], kinds: list[str]) -> tuple[tuple[int, ...], int]:
    """Return the size of the image, and the numbers a voxel where an axis of the file holds those."""
    if not kinds:
        return sizes, 1
    if len(kinds) != len(sizes):
        raise HeaderError(f"its kinds are {len(kinds)}, and its sizes {len(sizes)}")
    inside = [size for size, kind in zip(sizes, kinds, strict=True) if kind in _IMAGE_KINDS]
    components = 1
    for size, kind in zip(sizes, kinds, strict=True):
        components *= 1 if kind in _IMAGE_KINDS else size
    return tuple(inside), components
