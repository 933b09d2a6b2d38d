"""NRRD files, written by hand, with their headers changed."""

from __future__ import annotations

import gzip
import random

import numpy as np

from tests.fuzz.formats.metaimage import Fields
from tests.fuzz.formats.streams import odd_gzip, raw
from tests.fuzz.values import FLOATS, INTEGERS, TEXTS
from tests.fuzz.volumes import Volume

TYPES = {
    "i1": ("int8", "signed char"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "int16", "signed short int"),
    "u2": ("ushort", "uint16", "unsigned short"),
    "i4": ("int", "int32", "signed int"),
    "u4": ("uint", "uint32", "unsigned int"),
    "i8": ("longlong", "int64", "long long int"),
    "u8": ("ulonglong", "uint64", "unsigned long long"),
    "f4": ("float",),
    "f8": ("double",),
}
"""Spellings of the voxel types, by NumPy's."""
_OTHER_TYPES = ("block", "string", "complex", "FLOAT", "int128", "", "Float", "bool")
_ENCODINGS = ("raw", "gzip", "gz", "RAW", "Gzip", "bzip2", "bz2", "ascii", "text", "txt", "hex", "zrl", "", "lzma")
_SPACES = (
    "left-posterior-superior",
    "LPS",
    "right-anterior-superior",
    "RAS",
    "left-anterior-superior",
    "LAS",
    "scanner-xyz",
    "3D-right-handed",
    "LPST",
    "lps",
    "",
)
_MAGICS = ("NRRD0001", "NRRD0003", "NRRD0005", "NRRD0006", "NRRD0000", "nrrd0004", "NRRD", "NRRD00.01", "")
_OTHER_FIELDS = (
    *(
        "space dimension",
        "spacings",
        "thicknesses",
        "axis mins",
        "axis maxs",
        "centerings",
        "labels",
        "units",
        "content",
    ),
    *("number", "min", "max", "old min", "old max", "data file", "datafile", "line skip", "lineskip", "byte skip"),
    *("byteskip", "sample units", "space units", "measurement frame", "block size", "key", "a:=b", "Segment0_ID:="),
)


def fields_of(volume: Volume, *, compress: bool = True) -> Fields:
    """Return the header that ITK writes for a volume whose voxels follow it."""
    columns = np.reshape(volume.direction, (3, 3)).T * np.array(volume.spacing)[:, np.newaxis]
    return [
        ("type", TYPES[volume.array.dtype.newbyteorder("=").str[1:]][0]),
        ("dimension", str(volume.array.ndim)),
        ("space", "left-posterior-superior"),
        ("sizes", " ".join(map(str, volume.size))),
        ("space directions", " ".join(vector(column) for column in columns)),
        ("kinds", " ".join(["domain"] * volume.array.ndim)),
        ("endian", "little"),
        ("encoding", "gzip" if compress else "raw"),
        ("space origin", vector(volume.origin)),
    ]


def vector(numbers: object) -> str:
    """Return a vector in words of a header."""
    return "(" + ",".join(f"{number:.17g}" for number in numbers) + ")"  # type: ignore[attr-defined]


def joined(fields: Fields, voxels: bytes, *, magic: str = "NRRD0004", end: str = "\n") -> bytes:
    """Return a file of a header, a blank line and its voxels."""
    lines = [
        magic,
        *(f"{name}: {value}" if not name.endswith(":=") else f"{name}{value}" for name, value in fields),
        "",
    ]
    return "".join(line + end for line in lines).encode("utf-8", "surrogatepass") + voxels


def encoded(volume: Volume, *, compress: bool = True) -> bytes:
    """Return the file that ITK would write."""
    voxels = raw(volume.array)
    return joined(fields_of(volume, compress=compress), gzip.compress(voxels, mtime=0) if compress else voxels)


def changed(rng: random.Random, volume: Volume) -> bytes:
    """Return a NRRD with one to three changes of its header, its voxels, or how both are put together."""
    compress = rng.random() < 0.5
    voxels = raw(volume.array)
    stored = voxels
    if compress:
        stored = odd_gzip(rng, voxels) if rng.random() < 0.15 else gzip.compress(voxels, mtime=0)
    elif rng.random() < 0.1:
        stored = rng.choice((stored[:-1], stored + b"\0", stored[: len(stored) // 2], stored * 2, b""))
    fields = fields_of(volume, compress=compress)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        fields = rng.choice((_with_value, _with_value, _with_value, _with_line, _without, _shuffled))(rng, fields)
    end = rng.choice(("\r\n", "\r", " \n", "\n\n")) if rng.random() < 0.05 else "\n"
    return joined(fields, stored, magic=rng.choice(_MAGICS) if rng.random() < 0.05 else "NRRD0004", end=end)


def _value(rng: random.Random, name: str) -> str:
    pools = {
        "type": (*(spelling for spellings in TYPES.values() for spelling in spellings), *_OTHER_TYPES),
        "encoding": _ENCODINGS,
        "space": _SPACES,
        "endian": ("little", "big", "LITTLE", "middle", ""),
        "kinds": (
            "domain domain list",
            "vector domain domain domain",
            "domain domain",
            "RGB-color domain domain",
            "space time ???",
            "domain domain domain domain",
            "",
        ),
        "dimension": INTEGERS,
        "data file": ("voxels.raw", "/dev/zero", "LIST", "/etc/passwd", "a%03d.raw 1 3 1", "../x"),
    }
    if name in pools:
        return rng.choice(pools[name])
    if name in {"sizes", "line skip", "byte skip", "space dimension"}:
        return " ".join(rng.choice(INTEGERS) for _ in range(rng.choice((1, 3, 3, 4, 17))))
    if name.startswith("space ") or name in {"spacings", "measurement frame"}:
        vectors = ["(" + ",".join(rng.choice(("0", "1", *FLOATS)) for _ in range(3)) + ")" for _ in range(3)]
        return rng.choice(
            (vectors[0], " ".join(vectors), "none none none", "(1,0,0) (0,1,0) (0,1,0)", "(1,0) (0,1)", "1 1 1")
        )
    return rng.choice(TEXTS)


def _with_value(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields))
    name, value = fields[at]
    if rng.random() < 0.5 and "(" in value:
        value = value.replace(",", rng.choice((",", " , ", ";", ", ")), 1).replace("1", rng.choice(FLOATS), 1)
        return [*fields[:at], (name, value), *fields[at + 1 :]]
    return [*fields[:at], (name, _value(rng, name)), *fields[at + 1 :]]


def _with_line(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields) + 1)
    name = rng.choice((*_OTHER_FIELDS, *(name for name, _ in fields), "# a comment"))
    return [*fields[:at], (name, _value(rng, name)), *fields[at:]]


def _without(rng: random.Random, fields: Fields) -> Fields:
    at = rng.randrange(len(fields))
    return [*fields[:at], *fields[at + 1 :]] or fields


def _shuffled(rng: random.Random, fields: Fields) -> Fields:
    shuffled = list(fields)
    rng.shuffle(shuffled)
    return shuffled
