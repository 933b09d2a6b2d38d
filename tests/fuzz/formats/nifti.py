"""NIfTI-1 and NIfTI-2 files, written by hand, with their headers changed."""

from __future__ import annotations

import gzip
import random
import struct
from typing import Any

import numpy as np

from tests.fuzz.formats.streams import odd_gzip, raw
from tests.fuzz.values import NUMBERS
from tests.fuzz.volumes import Volume

CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
"""Codes of the voxel types, by NumPy's."""
OTHER_CODES = (0, 1, 32, 128, 1536, 1792, 2048, 2304, 3, 255, -1)

# Offset and struct codes of each field: https://nifti.nimh.nih.gov, nifti1.h and nifti2.h.
FIELDS = {
    1: {
        "sizeof_hdr": (0, "i"),
        "dim_info": (39, "b"),
        "dim": (40, "8h"),
        "intent": (56, "3f"),
        "intent_code": (68, "h"),
        "datatype": (70, "h"),
        "bitpix": (72, "h"),
        "slice_start": (74, "h"),
        "pixdim": (76, "8f"),
        "vox_offset": (108, "f"),
        "scl": (112, "2f"),
        "slice_end": (120, "h"),
        "units": (123, "b"),
        "cal": (124, "2f"),
        "toffset": (136, "f"),
        "descrip": (148, "80s"),
        "aux_file": (228, "24s"),
        "forms": (252, "2h"),
        "quaternion": (256, "6f"),
        "srow": (280, "12f"),
        "intent_name": (328, "16s"),
        "magic": (344, "4s"),
    },
    2: {
        "sizeof_hdr": (0, "i"),
        "magic": (4, "8s"),
        "datatype": (12, "h"),
        "bitpix": (14, "h"),
        "dim": (16, "8q"),
        "intent": (80, "3d"),
        "pixdim": (104, "8d"),
        "vox_offset": (168, "q"),
        "scl": (176, "2d"),
        "cal": (192, "2d"),
        "slice_end": (232, "q"),
        "descrip": (240, "80s"),
        "aux_file": (320, "24s"),
        "forms": (344, "2i"),
        "quaternion": (352, "6d"),
        "srow": (400, "12d"),
        "units": (500, "i"),
        "intent_code": (504, "i"),
        "intent_name": (508, "16s"),
    },
}
SIZES = {1: 348, 2: 540}
_MAGICS = {1: b"n+1\0", 2: b"n+2\0\r\n\x1a\n"}


def affine_of(volume: Volume) -> np.ndarray:
    """Return the first three rows of the affine from voxels to RAS, in mm."""
    matrix = np.reshape(volume.direction, (3, 3)) * np.array(volume.spacing)
    return np.diag([-1.0, -1.0, 1.0]) @ np.column_stack([matrix, volume.origin])


def fields_of(volume: Volume, version: int) -> dict[str, Any]:
    """Return the fields of a header with an sform alone, whose voxels follow it."""
    size, kind = volume.size, volume.array.dtype.newbyteorder("=").str[1:]
    return {
        "sizeof_hdr": SIZES[version],
        "magic": _MAGICS[version],
        "dim": [len(size), *size, *[1] * (7 - len(size))],
        "datatype": CODES[kind],
        "bitpix": 8 * volume.array.itemsize,
        "pixdim": [1.0, *volume.spacing, *[0.0] * (7 - len(volume.spacing))],
        "vox_offset": SIZES[version] + 4,
        "scl": [1.0, 0.0],
        "units": 2,
        "forms": [0, 1],
        "srow": affine_of(volume).ravel().tolist(),
    }


def header(fields: dict[str, Any], version: int, *, order: str = "<") -> bytes:
    """Return a header's bytes; numbers that don't fit their field are wrapped or saturated."""
    head = bytearray(SIZES[version] + 4)
    for name, value in fields.items():
        offset, code = FIELDS[version][name]
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        struct.pack_into(order + code, head, offset, *(_fitted(each, code[-1]) for each in values))
    return bytes(head)


def _fitted(value: Any, code: str) -> Any:
    if isinstance(value, bytes):
        return value
    if code in "fd":
        largest = 3.4e38 if code == "f" else 1.7e308
        return max(-largest, min(largest, value)) if abs(value) < float("inf") else value
    bits = 8 * struct.calcsize(code)
    whole = int(value) if abs(value) < float("inf") else 0
    return (whole + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def encoded(volume: Volume, *, compress: bool = True, version: int = 1) -> bytes:
    """Return a NIfTI file, compressed by gzip or not."""
    whole = header(fields_of(volume, version), version) + raw(volume.array)
    return gzip.compress(whole, mtime=0) if compress else whole


def changed(rng: random.Random, volume: Volume) -> tuple[str, bytes]:
    """Return the suffix and the bytes of a NIfTI with one to three changes."""
    version, order = rng.choice((1, 1, 1, 2)), rng.choice("<<<>")
    fields = fields_of(volume, version)
    if rng.random() < 0.3:
        fields |= {"forms": [1, rng.choice((0, 1))], "quaternion": quaternion_of(volume)}
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, fields, version)
    voxels = raw(volume.array, big_endian=order == ">")
    if rng.random() < 0.1:
        voxels = rng.choice((voxels[:-1], voxels + b"\0", voxels[: len(voxels) // 2], voxels * 2, b""))
    head = header(fields, version, order=order)
    if rng.random() < 0.1:
        head = _with_extension(rng, head, fields, version, order)
    whole = head + voxels
    if rng.random() < 0.25:
        return ".nii", whole
    return ".nii.gz", odd_gzip(rng, whole) if rng.random() < 0.2 else gzip.compress(whole, mtime=0)


def quaternion_of(volume: Volume) -> list[float]:
    """Return the quaternion b, c, d and the offset of an upright volume or one that is turned about z, in RAS."""
    affine = affine_of(volume)
    half = np.arctan2(affine[1, 0] / volume.spacing[0], affine[0, 0] / volume.spacing[0]) / 2
    return [0.0, 0.0, float(np.sin(half)), *affine[:, 3].tolist()]


def _change(rng: random.Random, fields: dict[str, Any], version: int) -> None:
    name = rng.choice(
        (*FIELDS[version], "dim", "dim", "pixdim", "pixdim", "srow", "forms", "scl", "datatype", "vox_offset")
    )
    code = FIELDS[version][name][1]
    if name == "datatype":
        fields[name] = rng.choice((*CODES.values(), *OTHER_CODES))
    elif code.endswith("s"):
        text = rng.choice((b"", b"n+1\0", b"ni1\0", b"n+2\0\r\n\x1a\n", b"\xff" * 80, b"%s%n", b"x" * 80, b"n+3\0"))
        fields[name] = text
    elif len(code) == 1:
        near = fields.get(name, 0)
        fields[name] = rng.choice((*NUMBERS, near + 1, near - 1, near + 16, near * 2, near / 2, 352, 348, 544, 1e9))
    else:
        count = int(code[:-1])
        values = list(fields.get(name, [0] * count))
        for _ in range(rng.choice((1, 1, 2, count))):
            values[rng.randrange(count)] = rng.choice((*NUMBERS, 20000, 1.0001, -20.0))
        fields[name] = values


def _with_extension(rng: random.Random, head: bytes, fields: dict[str, Any], version: int, order: str) -> bytes:
    """Return a header with an extension, whose length is sometimes a lie."""
    length = rng.choice((16, 32, 64))
    said = rng.choice((length, length, 0, -1, 2**31 - 1, 7))
    extension = struct.pack(order + "2i", said, rng.choice((0, 2, 4, 6, 44, -1))) + b"x" * (length - 8)
    offset, code = FIELDS[version]["vox_offset"]
    grown = bytearray(head)
    grown[-4] = 1
    if rng.random() < 0.8:
        struct.pack_into(order + code, grown, offset, _fitted(fields["vox_offset"] + length, code))
    return bytes(grown) + extension
