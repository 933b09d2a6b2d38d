"""Readers of image files that share no code with the product: what a header and its bytes say, however slowly."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt

_METAIMAGE = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{"MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8"},
    **{"MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
_NRRD = {
    **{"signed char": "i1", "unsigned char": "u1", "uchar": "u1", "short": "i2", "unsigned short": "u2", "int": "i4"},
    **{"unsigned int": "u4", "long long int": "i8", "unsigned long long int": "u8", "float": "f4", "double": "f8"},
}


def voxels_of(path: Path) -> npt.NDArray[np.float64]:
    """Return the voxels (z, y, x) that a file's header and bytes give; an error where it says nothing clear."""
    name = path.name.lower()
    if name.endswith(".nii.gz"):
        content = path.read_bytes()
        plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        kind = nibabel.Nifti2Image if plain[4:7] == b"n+2" else nibabel.Nifti1Image
        voxels = np.asarray(kind.from_bytes(plain).dataobj, np.float64)
        while voxels.ndim > 3 and voxels.shape[-1] == 1:
            voxels = voxels[..., 0]
        return voxels.T
    head, data = _split(path.read_bytes(), is_nrrd=name.endswith(".nrrd"))
    if name.endswith(".nrrd"):
        dtype, sizes, order = np.dtype(_NRRD[head["type"]]), head["sizes"], head.get("endian", "little")
        plain = data if head["encoding"] == "raw" else gzip.decompress(data)
        is_big = order == "big"
    else:
        dtype, sizes = np.dtype(_METAIMAGE[head["ElementType"]]), head["DimSize"]
        plain = zlib.decompress(data, 47) if head.get("CompressedData", "F")[0] in "Tt1" else data
        orders = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
        is_big = any(head.get(order, "F")[0] in "Tt1" for order in orders)
    shape = tuple(map(int, sizes.split()))[::-1]
    return np.frombuffer(plain, dtype.newbyteorder(">" if is_big else "<")).reshape(shape).astype(np.float64)


def _split(content: bytes, *, is_nrrd: bool) -> tuple[dict[str, str], bytes]:
    """Return the fields of a text header, and the bytes after it."""
    fields: dict[str, str] = {}
    at = 0
    while True:
        end = content.index(b"\n", at)
        line, at = content[at:end].decode("latin-1").strip(), end + 1
        if is_nrrd and not line:
            return fields, content[at:]
        for separator in (":",) if is_nrrd else ("=", ":"):
            if separator in line:
                name, _, value = line.partition(separator)
                fields[name.strip() if not is_nrrd else name.strip().lower()] = value.strip()
                break
        if line.startswith("ElementDataFile"):
            return fields, content[at:]
