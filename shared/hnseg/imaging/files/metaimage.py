"""MetaImage headers (.mha, .mhd), read before ITK sees them.

ITK's own parser (Kitware/MetaIO, `metaUtils.cxx`, `metaObject.cxx`, `metaImage.cxx`) trusts a header: it copies texts
into 255 characters, takes the lengths of arrays from `NDims`, uses `ElementDataFile` as a print format, and opens any
file named there. So only headers that mean one thing, and stay inside those bounds, pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression, Header, Stored, check_ascii, check_finite, check_size

_MOST_HEADER_BYTES = 16 << 20
_MOST_LINE_BYTES = 32_000  # MetaIO keeps a value in 32,768 bytes
_MOST_NAME_CHARACTERS = 200  # and a name in 255
_MOST_TEXT_CHARACTERS = 250  # and a text, such as the comment, in 255
_MOST_CHARACTERS = 500  # of any field that it knows: it reads on in the rest of a longer one

_TYPES = {
    "MET_CHAR": "int8",
    "MET_UCHAR": "uint8",
    "MET_SHORT": "int16",
    "MET_USHORT": "uint16",
    "MET_INT": "int32",
    "MET_UINT": "uint32",
    "MET_LONG": "int32",  # four bytes in MetaIO on every machine
    "MET_ULONG": "uint32",
    "MET_LONG_LONG": "int64",
    "MET_ULONG_LONG": "uint64",
    "MET_FLOAT": "float32",
    "MET_DOUBLE": "float64",
}
_LOCAL = ("LOCAL", "Local", "local")  # the spellings that MetaIO takes for "in this file"
_COUNTS = {"Color": 4, **dict.fromkeys(("ID", "ParentID", "ElementNBits", "ElementMin", "ElementMax"), 1)}
"""Numbers in fields that say nothing of an image here; MetaIO would go on reading them in the next line."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

_NAMES_OF_ORIGIN = ("Offset", "Position", "Origin", "ImagePosition")
_NAMES_OF_DIRECTION = ("TransformMatrix", "Rotation", "Orientation")
_NAMES_OF_SPACING = ("ElementSpacing", "ElementSize")
_NAMES_OF_BYTE_ORDER = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_VECTORS = (*_NAMES_OF_ORIGIN, *_NAMES_OF_SPACING, "CenterOfRotation", "SequenceID")
_NEED_DIMENSIONS = ("DimSize", *_VECTORS, *_NAMES_OF_DIRECTION)
_TEXTS = ("ObjectType", "ObjectSubType", "Comment", "AcquisitionDate", "Name", "Modality", "AnatomicalOrientation")
_ONLY_VALUES = {
    "ObjectType": ("Image",),
    "FileFormatVersion": ("0",),
    "HeaderSize": ("0",),
    "DistanceUnits": ("mm", "?"),
    "ElementToIntensityFunctionSlope": ("1",),  # ITK leaves them out of account
    "ElementToIntensityFunctionOffset": ("0",),
}
_KNOWN = {
    *_VECTORS,
    *_NAMES_OF_DIRECTION,
    *_NAMES_OF_BYTE_ORDER,
    *_TEXTS,
    *_ONLY_VALUES,
    *_COUNTS,
    *("NDims", "DimSize", "ElementType", "ElementNumberOfChannels"),
    *("BinaryData", "CompressedData", "CompressedDataSize"),
    *("ElementOrigin", "ElementDirection", "ElementDataFile"),
}
_BLANKS = " \t\r\v\f"  # as MetaIO knows them
_LINE = re.compile(rf"([^=:]*)(?:[=:][=:{_BLANKS}]*(.*))?", re.DOTALL)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?([0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?|[+-]?(nan|inf)", re.I)
_FILE_BESIDE = re.compile(r"(?!LIST|\.)[\w.\- ()+]{1,200}")  # no folder, no pattern of several names


def read_metaimage_header(path: Path, file: BinaryIO) -> Header:
    """Read the header of a MetaImage with binary voxels.

    Args:
        path: Image file.
        file: The same, opened for binary reading at its start.

    Returns:
        Promise of the header. The voxels lie in the same file, or, of an `.mhd`, perhaps in a second file beside it.

    Raises:
        HeaderError: The header is not one of an image that is understood.
        OSError: The file can't be read.
    """
    fields = _fields(file)
    size = _size(fields)
    _check_geometry(fields, len(size))
    for name in filter(fields.__contains__, _COUNTS):
        _words(fields, name, _COUNTS[name], _FLOAT)
    components = _integer(fields, "ElementNumberOfChannels", 1)
    if not 1 <= components <= 1000:
        raise HeaderError(f"its ElementNumberOfChannels is {components}")
    if (component_type := _TYPES.get(fields["ElementType"])) is None:
        raise HeaderError(f"its ElementType is {fields['ElementType']!r}, not that of a number")
    return Header("MetaImageIO", size, components, component_type, _stored(path, file, fields))


def _fields(file: BinaryIO) -> dict[str, str]:
    """Return the known fields of a header, and leave the file at the first byte after it."""
    fields: dict[str, str] = {}
    for name, value in header_lines(file):
        if name in _KNOWN:  # and not somebody's own tag
            _check_field(name, value, fields)
            fields[name] = value
    for name in ("NDims", "DimSize", "ElementType"):
        if name not in fields:
            raise HeaderError(f"it has no {name}")
    return fields


def _check_field(name: str, value: str, before: dict[str, str]) -> None:
    """Refuse a field that is there twice, is too long or too early, or has a value that ITK does not heed."""
    if name in before:
        raise HeaderError(f"it has two {name}")
    if len(value) > (most := _MOST_TEXT_CHARACTERS if name in _TEXTS else _MOST_CHARACTERS):
        raise HeaderError(f"its {name} has {len(value)} characters, over {most}")
    if name not in _TEXTS:
        check_ascii(name, value)
    if value not in _ONLY_VALUES.get(name, (value,)):
        raise HeaderError(f"its {name} is {value!r}, not {_ONLY_VALUES[name][0]}")
    if name in _NEED_DIMENSIONS and "NDims" not in before:
        raise HeaderError(f"its {name} stands before its NDims")


def header_lines(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a header up to its `ElementDataFile`, paired as MetaIO pairs them.

    A name without a value takes the next line for its value there, which happens in tags with several lines of text.

    Args:
        file: MetaImage, opened for binary reading at its start; left at the first byte after the header.

    Raises:
        HeaderError: A line is not one of a header.
    """
    name = ""
    while name != "ElementDataFile":
        name, value = _name_and_value(_next_line(file))
        yield name, value or _value_on_next_line(name, file)


def _value_on_next_line(name: str, file: BinaryIO) -> str:
    """Return the next line as the value of a name; neither may be a field that MetaIO knows."""
    if name in _KNOWN:
        raise HeaderError(f"its {name} has no value")
    text = _next_line(file)
    found = _LINE.fullmatch(text)
    if found and found[1].strip(_BLANKS) in _KNOWN:
        raise HeaderError(f"its {found[1].strip(_BLANKS)} stands where {name[:40]!r} lacks its value")
    return text


def _name_and_value(text: str) -> tuple[str, str]:
    found = _LINE.fullmatch(text)
    name, value = (found[1].strip(_BLANKS), found[2] or "") if found else ("", "")
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise HeaderError(f"a line of it has no name: {text[:40]!r}")
    return name, value


def _next_line(file: BinaryIO) -> str:
    """Return the next line of a header that is not blank."""
    while not (text := _line(file)):
        pass
    return text


def _line(file: BinaryIO) -> str:
    """Return the next line of a header, stripped."""
    line = file.readline(_MOST_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise HeaderError("it has no ElementDataFile" if len(line) < _MOST_LINE_BYTES else "a line of it has no end")
    if file.tell() > _MOST_HEADER_BYTES:
        raise HeaderError(f"its header is longer than {_MOST_HEADER_BYTES >> 20} MiB")
    if b"\0" in line:
        raise HeaderError("it has a zero byte in its header")
    return line.decode("latin-1").strip(f"{_BLANKS}\n")


def _size(fields: dict[str, str]) -> tuple[int, ...]:
    dimensions = _integer(fields, "NDims")
    if not 2 <= dimensions <= 4:
        raise HeaderError(f"its NDims is {dimensions}, not 2 to 4")
    size = tuple(int(word) for word in _words(fields, "DimSize", dimensions, _INTEGER))
    check_size(size)
    return size


def _check_geometry(fields: dict[str, str], dimensions: int) -> None:
    """Refuse a geometry that is given twice, with too few numbers, or with numbers that are not finite."""
    for names in (_NAMES_OF_ORIGIN, _NAMES_OF_DIRECTION, _NAMES_OF_BYTE_ORDER):
        if len(given := [*filter(fields.__contains__, names)]) > 1:
            raise HeaderError(f"it has both {given[0]} and {given[1]}")
    if given := [*filter(fields.__contains__, ("ElementOrigin", "ElementDirection"))]:
        raise HeaderError(f"it has {given[0]}, which its format version has not")
    for name in filter(fields.__contains__, (*_VECTORS, *_NAMES_OF_DIRECTION)):
        count = dimensions**2 if name in _NAMES_OF_DIRECTION else dimensions
        check_finite(name, tuple(map(float, _words(fields, name, count, _FLOAT))))


def _stored(path: Path, file: BinaryIO, fields: dict[str, str]) -> Stored:
    """Return the place of the voxels, which follow the header or lie in a file beside an `.mhd`."""
    if not _boolean(fields, "BinaryData"):
        raise HeaderError("its BinaryData is not True: voxels written as text are not read")
    for byte_order in _NAMES_OF_BYTE_ORDER:
        _boolean(fields, byte_order)
    compression = Compression.ZLIB if _boolean(fields, "CompressedData") else Compression.NONE
    promised = _integer(fields, "CompressedDataSize", 0) or None
    if compression is Compression.ZLIB and promised is None:
        raise HeaderError("it has no CompressedDataSize, without which ITK does not inflate its voxels")
    if fields["ElementDataFile"] in _LOCAL:
        return Stored(path, file.tell(), compression, compressed_size=promised)
    return Stored(_file_beside(path, fields["ElementDataFile"]), 0, compression, compressed_size=promised)


def _file_beside(path: Path, name: str) -> Path:
    """Return the file of the voxels of an `.mhd`, which lies in the same folder and is no link."""
    if path.suffix.lower() != ".mhd" or not _FILE_BESIDE.fullmatch(name):
        raise HeaderError(f"its ElementDataFile is {name!r}: its voxels must lie in the file itself, LOCAL")
    beside = path.with_name(name)
    if beside.is_symlink() or not beside.is_file():
        raise HeaderError(f"its ElementDataFile is {name!r}, and there is no such file beside it")
    return beside


def _integer(fields: dict[str, str], name: str, otherwise: int | None = None) -> int:
    """Return the whole number of a field; where the field is missing, another one."""
    if otherwise is not None and name not in fields:
        return otherwise
    return int(_words(fields, name, 1, _INTEGER)[0])


def _boolean(fields: dict[str, str], name: str) -> bool:
    """Return whether a field says true; a missing one says false."""
    value = _BOOLEANS.get(fields.get(name, "false").lower())
    if value is None:
        raise HeaderError(f"its {name} is {fields[name]!r}, not True or False")
    return value


def _words(fields: dict[str, str], name: str, count: int, form: re.Pattern[str]) -> list[str]:
    """Return the words of a field, of a given number and form."""
    words = fields[name].split()
    if len(words) != count or not all(form.fullmatch(word) for word in words):
        kind = "whole number" if form is _INTEGER else "number"
        raise HeaderError(f"its {name} is {fields[name][:80]!r}, not {count} {kind}{'s' if count > 1 else ''}")
    return words
