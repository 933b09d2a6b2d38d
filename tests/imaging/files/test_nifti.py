"""NIfTI headers: what SimpleITK and nibabel-like writers write is understood, and what nifticlib would mend is not."""

import gzip
import struct

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression
from hnseg.imaging.files.headers import read_header


def nifti1(order="<", *, dim=(3, 4, 3, 2, 1, 1, 1, 1), datatype=(4, 16), pixdim=(1, 1, 1, 2), offset=352.0, **fields):
    """Return a NIfTI-1 file of zeros, field by field."""
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, *dim)
    struct.pack_into(order + "2h", head, 70, *datatype)
    struct.pack_into(order + "4f", head, 76, *pixdim)
    struct.pack_into(order + "f", head, 108, offset)
    struct.pack_into(order + "2f", head, 112, *fields.get("scaling", (1, 0)))
    struct.pack_into(order + "2h", head, 252, *fields.get("forms", (0, 1)))
    struct.pack_into(order + "6f", head, 256, *fields.get("quaternion", (0,) * 6))
    struct.pack_into(order + "12f", head, 280, *fields.get("affine", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0)))
    head[344:348] = fields.get("magic", b"n+1\0")
    return bytes(head) + bytes(48)


@pytest.fixture
def header(tmp_path):
    def read(content, name="a.nii"):
        (tmp_path / name).write_bytes(content)
        return read_header(tmp_path / name)

    return read


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
def test_what_simpleitk_writes_is_understood(tmp_path, dtype, name):
    image = sitk.GetImageFromArray(np.ones((2, 3, 4), dtype))
    image.SetDirection((0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1))
    sitk.WriteImage(image, tmp_path / name)
    header = read_header(tmp_path / name)
    assert (header.size, header.components, header.component_type) == ((4, 3, 2), 1, dtype)
    compressed = name.endswith(".gz")
    assert header.stored.compression is (Compression.GZIP if compressed else Compression.NONE)
    assert (header.stored.start, header.stored.skipped) == ((0, 352) if compressed else (352, 0))


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders_are_understood(header, order):
    found = header(nifti1(order))
    assert (found.size, found.component_type, found.owed) == ((4, 3, 2), "int16", 48)


def test_a_plain_file_may_be_named_as_a_compressed_one(header):
    assert header(nifti1(), "a.nii.gz").stored.compression is Compression.NONE


def test_trailing_axes_of_one_are_none(header):
    assert header(nifti1(dim=(5, 4, 3, 2, 1, 1, 1, 1))).size == (4, 3, 2)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"dim": (0, 4, 3, 2, 1, 1, 1, 1)}, r"its dim\[0\] is 0, not 2 to 7"),
        ({"dim": (100, 4, 3, 2, 1, 1, 1, 1)}, r"its dim\[0\] is 100, not 2 to 7"),
        ({"dim": (3, 4, 3, 0, 1, 1, 1, 1)}, "each must be over 0"),
        ({"dim": (3, 4, -3, 2, 1, 1, 1, 1)}, "each must be over 0"),
        ({"dim": (6, 4, 3, 2, 1, 1, 2, 1)}, "it has 6 dimensions, not 2 to 4"),
        ({"datatype": (1, 1)}, "its datatype is 1, not that of a number"),
        ({"datatype": (4, 8)}, "its bitpix is 8, which is not that of its datatype, 4"),
        ({"pixdim": (1, 0, 1, 2)}, "its pixdim is 0 1 2, and each must be over 0"),
        ({"pixdim": (1, np.nan, 1, 2)}, "its pixdim is nan 1 2, which is not finite"),
        ({"forms": (1, 0), "quaternion": (0, 0, 0, np.nan, 0, 0)}, "its qform is .* which is not finite"),
        ({"affine": (1, 0, 0, np.inf, 0, 1, 0, 0, 0, 0, 2, 0)}, "its sform is .* which is not finite"),
        ({"affine": (3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0)}, "its sform has a spacing of 3 3 3, but its pixdim is 1 1 2"),
        (
            {"affine": (1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 2, 0), "forms": (1, 1)},
            "its sform has a spacing of 2.23607 1 2, but",
        ),
        ({"affine": (0.6, 0.1, 0, 0, 0.8, 0.995, 0, 0, 0, 0, 2, 0), "forms": (1, 1)}, "are not at right angles"),
        ({"forms": (0, 0)}, "it has neither a qform nor an sform"),
        ({"scaling": (2, np.nan)}, "its scl_inter is nan, which is not finite"),
        ({"scaling": (1e-30, 0)}, "its scl_slope is 1e-30, which is too small for a scale"),
        ({"scaling": (0, 5)}, "its scl_slope is 0, but its scl_inter 5"),
        ({"offset": 348.0}, "its vox_offset is 348, not a whole number from 352 on"),
        ({"offset": 352.5}, "not a whole number from 352 on"),
        ({"offset": np.nan}, "not a whole number from 352 on"),
        ({"offset": 1e9}, "not a whole number from 352 on"),
        ({"magic": b"ni1\0"}, "its voxels lie in another file"),
        ({"magic": b"abcd"}, "it does not begin with the header of a NIfTI file"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_reason(header, fields, reason):
    with pytest.raises(HeaderError, match=reason):
        header(nifti1(**fields))


@pytest.mark.parametrize("content", [b"", b"not an image", nifti1()[:100]])
def test_something_else_is_refused(header, content):
    with pytest.raises(HeaderError, match="it does not begin with the header of a NIfTI file"):
        header(content)


def test_a_compressed_file_without_gz_in_its_name_is_refused(header):
    with pytest.raises(HeaderError, match="it is compressed by gzip, which its name does not say"):
        header(gzip.compress(nifti1()))


def test_a_broken_gzip_header_is_refused(header):
    with pytest.raises(HeaderError, match="its gzip stream can't be inflated"):
        header(b"\x1f\x8b" + bytes(20), "a.nii.gz")


def test_a_nifti_2_is_refused_as_one(tmp_path):
    nibabel.save(nibabel.Nifti2Image(np.zeros((4, 3, 2), np.int16), np.eye(4)), tmp_path / "a.nii.gz")
    with pytest.raises(HeaderError, match="it is a NIfTI-2, which ITK does not read; NIfTI-1 holds as much"):
        read_header(tmp_path / "a.nii.gz")
