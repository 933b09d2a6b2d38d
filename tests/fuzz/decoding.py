"""Independent decoder of image files: the voxels and the place that a header and the bytes after it give.

It shares no code with the product and none with ITK. It decodes what the formats define and the other tests' files use,
and raises `UndecodableError` for everything else, so that no file may be read whose meaning is not plain.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from tests.fuzz.formats import metaimage, nifti, nrrd
from tests.fuzz.volumes import UPRIGHT, Volume

_DECISIVE = {
    *("NDims", "DimSize", "ElementType", "ElementNumberOfChannels", "ElementDataFile"),
    *("ElementSpacing", "ElementSize", "Offset", "Position", "Origin", "TransformMatrix", "Rotation", "Orientation"),
    *("BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData", "CompressedDataSize"),
}
"""Fields of a MetaImage on which its voxels and their place depend."""
_FLIP = np.diag([-1.0, -1.0, 1.0])  # from RAS to LPS and back


class UndecodableError(Exception):
    """File that the formats' definitions give no one meaning."""


def decode(path: Path, *, form: str = "sform") -> Volume:
    """Return the volume in a MetaImage, NIfTI or NRRD file; trailing axes of 1 beyond the third are dropped.

    Args:
        path: File whose name says its format.
        form: Form of a NIfTI that places it where it has both; they may name different spaces.

    Raises:
        UndecodableError: It has no one meaning, or its voxels are not all there.
    """
    data, name = path.read_bytes(), path.name.lower()
    try:
        if name.endswith((".mha", ".mhd")):
            return _metaimage(data, path)
        if name.endswith((".nii", ".nii.gz")):
            return _nifti(data, form)
        if name.endswith(".nrrd"):
            return _nrrd(data)
    except (ValueError, OverflowError, KeyError, IndexError, struct.error, OSError, EOFError, zlib.error) as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error
    raise UndecodableError(f"{path.name} is of another type")


def _must(condition: bool, reason: str) -> None:
    if not condition:
        raise UndecodableError(reason)


def _array(data: bytes, dtype: np.dtype, size: tuple[int, ...]) -> np.ndarray:
    """Return the voxels (z, y, x) of a size (x, y, z), which must be all of the bytes."""
    _must(all(side > 0 for side in size), f"its size is {size}")
    owed = math.prod(size) * dtype.itemsize
    _must(len(data) == owed, f"it holds {len(data)} of {owed} bytes")
    while len(size) > 3 and size[-1] == 1:
        size = size[:-1]
    _must(len(size) == 3, f"its size is {size}")
    return np.frombuffer(data, dtype).reshape(size[::-1])


def _metaimage(data: bytes, path: Path) -> Volume:
    fields, rest = _metaimage_fields(data)
    dimensions = int(fields["NDims"])
    size = tuple(int(word) for word in fields["DimSize"].split())
    _must(len(size) == dimensions, "its DimSize has another number of words than NDims")
    _must(fields.get("ElementNumberOfChannels", "1").strip() in {"1", "+1", "01"}, "it has several numbers a voxel")
    stored = (
        rest if fields["ElementDataFile"].lower() == "local" else path.with_name(fields["ElementDataFile"]).read_bytes()
    )
    if _flag(fields, "CompressedData"):
        stream = zlib.decompressobj(47)
        stored = stream.decompress(stored) + stream.flush()
        _must(stream.eof and not stream.unused_data, "its stream does not end where the file ends")
    big = _flag(fields, "BinaryDataByteOrderMSB") or _flag(fields, "ElementByteOrderMSB")
    dtype = np.dtype(metaimage.TYPES[fields["ElementType"]]).newbyteorder(">" if big else "<")
    spacing = _numbers(fields, ("ElementSpacing", "ElementSize"), [1.0] * dimensions)
    origin = _numbers(fields, ("Offset", "Position", "Origin"), [0.0] * dimensions)
    rows = _numbers(fields, ("TransformMatrix", "Rotation", "Orientation"), np.eye(dimensions).ravel().tolist())
    direction = np.reshape(rows, (dimensions, dimensions)).T[:3, :3]
    return Volume(_array(stored, dtype, size), tuple(spacing[:3]), tuple(origin[:3]), tuple(direction.ravel()))


def _metaimage_fields(data: bytes) -> tuple[dict[str, str], bytes]:
    """Return a header's fields, of which none that matters may be there twice, and the bytes after it."""
    fields: dict[str, str] = {}
    at = 0
    while "ElementDataFile" not in fields:
        end = data.index(b"\n", at)
        line, at = data[at:end].decode("latin-1").strip(), end + 1
        name, equals, value = line.partition("=")
        if not equals:
            name, _, value = line.partition(":")
        name, value = name.strip(), value.strip().lstrip("=:").strip()
        _must(name not in fields or name not in _DECISIVE, f"two {name}")
        fields[name] = value
    return fields, data[at:]


def _flag(fields: dict[str, str], name: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[fields.get(name, "False").lower()]


def _numbers(fields: dict[str, str], names: tuple[str, ...], otherwise: list[float]) -> list[float]:
    given = [fields[name] for name in names if name in fields]
    _must(len(given) <= 1, f"it has several of {names}")
    numbers = [float(word) for word in given[0].split()] if given else otherwise
    _must(len(numbers) == len(otherwise), f"one of {names} has {len(numbers)} numbers")
    return numbers


def _nifti(data: bytes, form: str) -> Volume:
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    version = 1 if struct.pack("<i", 348) in {data[:4], data[3::-1]} else 2
    order = "<" if struct.unpack_from("<i", data)[0] == nifti.SIZES[version] else ">"
    fields = {
        name: struct.unpack_from(order + code, data, offset) for name, (offset, code) in nifti.FIELDS[version].items()
    }
    _must(fields["sizeof_hdr"] == (nifti.SIZES[version],), "it is no NIfTI")
    _must(fields["magic"][0][:3] == b"n+%d" % version, "its voxels lie elsewhere")
    count = fields["dim"][0]
    _must(2 <= count <= 7, f"it has {count} axes")
    size = tuple(fields["dim"][1 : 1 + count])
    code = next((name for name, code in nifti.CODES.items() if code == fields["datatype"][0]), None)
    _must(code is not None, "it has another type")
    stored = _array(data[int(fields["vox_offset"][0]) :], np.dtype(order + str(code)), size)
    slope, intercept = fields["scl"]
    if math.isfinite(slope) and slope != 0 and (slope, intercept) != (1, 0):
        _must(math.isfinite(intercept), "its scl_inter is not finite")
        stored = stored.astype(np.float64) * slope + intercept
    return _placed(stored, _affine(fields, form))


def _affine(fields: dict[str, tuple], form: str) -> np.ndarray:
    """Return the rows of the affine to RAS, from the form that is asked for where there are both."""
    spacing = fields["pixdim"][1:4]
    qform_code, sform_code = fields["forms"]
    if sform_code > 0 and (form == "sform" or qform_code <= 0):
        return np.reshape(fields["srow"], (3, 4))
    if qform_code > 0:
        b, c, d, *origin = fields["quaternion"]
        a = math.sqrt(max(0.0, 1 - (b * b + c * c + d * d)))
        norm = math.sqrt(a * a + b * b + c * c + d * d)
        a, b, c, d = (each / norm for each in (a, b, c, d))
        rotation = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
            ]
        )
        sides = np.array(spacing) * (1, 1, -1 if fields["pixdim"][0] < 0 else 1)
        return np.column_stack([rotation * sides, origin])
    # ITK, nibabel and nifti1.h each take the axes to have other directions then.
    raise UndecodableError("it has neither a qform nor an sform")


def _placed(array: np.ndarray, affine: np.ndarray) -> Volume:
    matrix, origin = _FLIP @ affine[:, :3], _FLIP @ affine[:, 3]
    spacing = np.linalg.norm(matrix, axis=0)
    _must(bool(np.all(np.isfinite(matrix)) and spacing.min() > 0), "its affine has a column of zeros")
    return Volume(array, tuple(spacing), tuple(origin), tuple((matrix / spacing).ravel()))


def _nrrd(data: bytes) -> Volume:
    head, blank, stored = data.partition(b"\n\n")
    if not blank or b"\r\n\r\n" in data[: len(head)]:
        head, blank, stored = data.partition(b"\r\n\r\n")
    _must(bool(blank), "its header has no end")
    magic, *lines = head.decode("latin-1").splitlines()
    _must(re.fullmatch("NRRD000[1-5]", magic.strip()) is not None, f"its magic is {magic!r}")
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if line.startswith("#") or ":=" in (name if colon else line):
            continue
        name = name.strip().lower()
        _must(bool(colon) and name not in fields, f"it has the line {line!r}")
        fields[name] = value.strip()
    _must(not {"data file", "datafile"} & fields.keys(), "its voxels lie elsewhere")
    _must(all(fields.get(name, "0") == "0" for name in ("line skip", "lineskip", "byte skip", "byteskip")), "it skips")
    if fields["encoding"].lower() in {"gzip", "gz"}:
        stored = gzip.decompress(stored)
    else:
        _must(fields["encoding"].lower() == "raw", "it has another encoding")
    codes = [code for code, names in nrrd.TYPES.items() if fields["type"].lower() in names]
    _must(len(codes) == 1, "it has another type")
    dtype = np.dtype(codes[0])
    _must(dtype.itemsize == 1 or fields["endian"] in {"little", "big"}, "it has no byte order")
    size = tuple(int(word) for word in fields["sizes"].split())
    _must(len(size) == int(fields["dimension"]), "it has another number of sizes")
    array = _array(stored, dtype.newbyteorder(">" if fields.get("endian") == "big" else "<"), size)
    return _in_space(array, fields)


_SIGNS = {  # of the axes of LPS
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}


def _in_space(array: np.ndarray, fields: dict[str, str]) -> Volume:
    """Return voxels in the place that their header gives; without directions they lie along the axes."""
    signs = np.array(_SIGNS.get(fields.get("space", "").lower(), (1, 1, 1)), float)
    origin = np.array(_vector(fields["space origin"])) * signs if "space origin" in fields else np.zeros(3)
    if "space directions" not in fields:
        spacing = tuple(float(word) for word in fields.get("spacings", "1 1 1").split())
        _must(len(spacing) == 3, "it has another number of spacings")
        return Volume(array, tuple(map(abs, spacing)), tuple(origin), UPRIGHT)
    _must("spacings" not in fields, "it has spacings and directions")
    vectors = re.findall(r"\([^)]*\)|none", fields["space directions"])
    vectors = [each for each in vectors if each != "none"]
    _must(len(vectors) == 3, "it has another number of directions")
    matrix = np.column_stack([_vector(each) for each in vectors]) * signs[:, np.newaxis]
    spacing = np.linalg.norm(matrix, axis=0)
    _must(bool(spacing.min() > 0), "it has a direction of length 0")
    return Volume(array, tuple(spacing), tuple(origin), tuple((matrix / spacing).ravel()))


def _vector(text: str) -> list[float]:
    _must(text.startswith("(") and text.endswith(")"), f"{text!r} is no vector")
    numbers = [float(word) for word in text[1:-1].split(",")]
    _must(len(numbers) == 3, f"{text!r} has {len(numbers)} numbers")
    return numbers
