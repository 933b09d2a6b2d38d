"""MetaImages, written by hand, with their headers changed."""

from __future__ import annotations

import random
import zlib

import numpy as np

from tests.fuzz.formats.streams import change_bytes, odd_zlib, raw
from tests.fuzz.values import FLOATS, INTEGERS, TEXTS
from tests.fuzz.volumes import Volume

Fields = list[tuple[str, str]]
TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
OTHER_TYPES = (
    *("MET_NONE", "MET_ASCII_CHAR", "MET_STRING", "MET_OTHER", "MET_CHAR_ARRAY", "MET_UCHAR_ARRAY", "MET_SHORT_ARRAY"),
    *("MET_FLOAT_ARRAY", "MET_DOUBLE_ARRAY", "MET_FLOAT_MATRIX", "met_short", "MET_SHORT ", "", "int16"),
)
_INTEGER_KEYS = (
    "NDims",
    "DimSize",
    "ElementNumberOfChannels",
    "HeaderSize",
    "CompressedDataSize",
    "ElementNBits",
    "ID",
)
_FLOAT_KEYS = (
    *("ElementSpacing", "ElementSize", "Offset", "Position", "Origin", "TransformMatrix", "Orientation", "Rotation"),
    *("CenterOfRotation", "ElementMin", "ElementMax", "ElementToIntensityFunctionSlope", "SequenceID"),
    *("ElementToIntensityFunctionOffset", "ElementOrigin", "ElementDirection", "Color"),
)
_FLAG_KEYS = ("BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData")
_TEXT_KEYS = ("Comment", "ObjectType", "ObjectSubType", "Name", "AnatomicalOrientation", "Modality", "DistanceUnits")
_FLAGS = ("True", "False", "true", "1", "0", "T", "yes", "TRUE", "", "2", "False True")
_DATA_FILES = (
    *(
        "LOCAL",
        "Local",
        "local",
        "LOCALE",
        "LIST",
        "LIST 2",
        "LIST\na.raw",
        "slice%03d.raw 1 4 1",
        "%s%s%s%n",
        "a b c d",
    ),
    *(
        "/dev/zero",
        "/etc/passwd",
        "../other.raw",
        "voxels.raw",
        "",
        ".",
        "A" * 300,
        "LOCAL\n",
        "slice%d.raw 1 99999999 1",
    ),
)


def fields_of(volume: Volume, *, compressed_bytes: int | None = None) -> Fields:
    """Return the header that ITK writes for a volume whose voxels follow it."""
    kind = next(name for name, code in TYPES.items() if np.dtype(code) == volume.array.dtype)
    compressed = [] if compressed_bytes is None else [("CompressedDataSize", str(compressed_bytes))]
    columns = np.reshape(volume.direction, (3, 3)).T
    return [
        ("ObjectType", "Image"),
        ("NDims", str(volume.array.ndim)),
        ("BinaryData", "True"),
        ("BinaryDataByteOrderMSB", "False"),
        ("CompressedData", str(compressed_bytes is not None)),
        *compressed,
        ("TransformMatrix", words(columns.ravel())),
        ("Offset", words(volume.origin)),
        ("CenterOfRotation", "0 0 0"),
        ("ElementSpacing", words(volume.spacing)),
        ("DimSize", words(volume.size)),
        ("ElementType", kind),
        ("ElementDataFile", "LOCAL"),
    ]


def words(numbers: object) -> str:
    """Return numbers in words of a header."""
    return " ".join(f"{number:.17g}" for number in numbers)  # type: ignore[attr-defined]


def joined(fields: Fields, voxels: bytes, *, equals: str = " = ", end: str = "\n") -> bytes:
    """Return a file of a header and its voxels."""
    return "".join(f"{name}{equals}{value}{end}" for name, value in fields).encode("utf-8", "surrogatepass") + voxels


def encoded(volume: Volume, *, compress: bool = True) -> bytes:
    """Return the file that ITK would write."""
    voxels = raw(volume.array)
    stored = zlib.compress(voxels) if compress else voxels
    return joined(fields_of(volume, compressed_bytes=len(stored) if compress else None), stored)


def changed(rng: random.Random, volume: Volume) -> bytes:
    """Return a MetaImage with one to three changes of its header, its voxels, or how both are put together."""
    voxels = raw(volume.array)
    compress = rng.random() < 0.5
    stored = (odd_zlib(rng, voxels) if rng.random() < 0.1 else zlib.compress(voxels)) if compress else voxels
    if not compress and rng.random() < 0.1:
        stored = rng.choice((stored[:-1], stored + b"\0", stored[: len(stored) // 2], stored * 2, b""))
    fields = fields_of(volume, compressed_bytes=len(stored) if compress else None)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        fields = rng.choice((_with_value, _with_value, _with_words, _with_line, _without, _moved, _renamed))(
            rng, fields
        )
    equals = rng.choice(("=", ":", " : ", "  =  ", "\t=\t", " ", " == ")) if rng.random() < 0.05 else " = "
    end = rng.choice(("\r\n", "\r", "\n\n", " \n", "\n\r")) if rng.random() < 0.06 else "\n"
    start = rng.choice((b"\xef\xbb\xbf", b"\n", b" ", b"\0", b"#\n")) if rng.random() < 0.03 else b""
    return start + joined(fields, stored, equals=equals, end=end)


def _value(rng: random.Random, name: str) -> str:
    if name == "ElementDataFile":
        return rng.choice(_DATA_FILES)
    if name == "ElementType":
        return rng.choice((*TYPES, *OTHER_TYPES))
    if name in _FLAG_KEYS:
        return rng.choice(_FLAGS)
    if name in _TEXT_KEYS:
        return rng.choice(TEXTS)
    pool = INTEGERS if name in _INTEGER_KEYS else FLOATS
    counts = (1, 2, 3, 3, 3, 4, 9, 16, 200) if name not in {"NDims", "ElementNumberOfChannels"} else (1, 1, 1, 2)
    return " ".join(rng.choice(pool) for _ in range(rng.choice(counts)))


def _with_value(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields))
    name, _ = fields[at]
    return [*fields[:at], (name, _value(rng, name)), *fields[at + 1 :]]


def _with_words(rng: random.Random, fields: Fields) -> Fields:
    """Change one word of a field, or the number of its words."""
    at = rng.choice([number for number, (_, value) in enumerate(fields) if " " in value] or [0])
    name, value = fields[at]
    values = value.split() or ["0"]
    place = rng.randrange(len(values))
    pool = INTEGERS if name in _INTEGER_KEYS else FLOATS
    how = rng.randrange(4)
    if how <= 1:
        values[place] = rng.choice(pool)
    elif how == 2:
        del values[place]
    else:
        values.insert(place, rng.choice(pool))
    return [*fields[:at], (name, " ".join(values)), *fields[at + 1 :]]


def _with_line(rng: random.Random, fields: Fields) -> Fields:
    """Insert another field: one of the format's, again or for the first time, or somebody's own."""
    at = rng.randrange(len(fields) + 1)
    own = (
        rng.choice(("Tag", "DICOM_0008_0060", "\u00e9", "a" * 300, "", "ITK_FileNotes", "Modality\0")),
        rng.choice(TEXTS),
    )
    name = rng.choice((*_INTEGER_KEYS, *_FLOAT_KEYS, *_FLAG_KEYS, *_TEXT_KEYS, *(name for name, _ in fields)))
    many = [(f"Tag{number}", "v" * 60) for number in range(rng.choice((5, 1200)))]
    return [
        *fields[:at],
        *rng.choice(([own], [(name, _value(rng, name))], [(name, _value(rng, name))], many)),
        *fields[at:],
    ]


def _without(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields))
    return [*fields[:at], *fields[at + 1 :]] or fields


def _moved(rng: random.Random, fields: Fields) -> Fields:
    moved = list(fields)
    rng.shuffle(moved)
    return moved if rng.random() < 0.3 else [*fields[1:-1], fields[0], fields[-1]]


def _renamed(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields))
    name, value = fields[at]
    other = {"Offset": "Position", "TransformMatrix": "Orientation", "ElementSpacing": "ElementSize"}.get(name, name)
    spelt = rng.choice(
        (
            other,
            name.lower(),
            name.upper(),
            f" {name}",
            f"{name} ",
            name[:-1],
            change_bytes(rng, name.encode()).decode("latin-1"),
        )
    )
    return [*fields[:at], (spelt, value), *fields[at + 1 :]]
