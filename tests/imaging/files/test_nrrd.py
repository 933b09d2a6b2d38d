"""NRRD headers: what SimpleITK and 3D Slicer write is understood, and nothing that points elsewhere."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression
from hnseg.imaging.files.headers import read_header

FIELDS = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "4 3 2",
    "space directions": "(1,0,0) (0,1,0) (0,0,2)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(0,0,0)",
}


@pytest.fixture
def header(tmp_path):
    def read(changed=None, *, lines="", magic="NRRD0004"):
        fields = FIELDS | (changed or {})
        text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)
        (tmp_path / "a.nrrd").write_bytes(f"{magic}\n{text}{lines}\n".encode() + bytes(48))
        return read_header(tmp_path / "a.nrrd")

    return read


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
def test_what_simpleitk_writes_is_understood(tmp_path, dtype, compress):
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((2, 3, 4), dtype)), tmp_path / "a.nrrd", compress)
    header = read_header(tmp_path / "a.nrrd")
    assert (header.size, header.components, header.component_type) == ((4, 3, 2), 1, dtype)
    assert header.stored.compression is (Compression.GZIP if compress else Compression.NONE)


def test_a_vector_image_has_its_components(tmp_path):
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkVectorFloat32, 3), tmp_path / "a.nrrd")
    header = read_header(tmp_path / "a.nrrd")
    assert (header.size, header.components, header.owed) == ((4, 3, 2), 3, 24 * 3 * 4)


def test_comments_and_own_keys_are_passed_over(header):
    assert header(lines="# data file: x.raw\nSegment0_Name:=Tumour: left\ndata file:=x.raw\n").owed == 48


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dimension": "100"}, "its dimension is '100', not 2 to 4"),
        ({"dimension": "-1"}, "its dimension is '-1', not 2 to 4"),
        ({"dimension": None}, "it has no field dimension"),
        ({"sizes": "4 3 0"}, "each must be over 0"),
        ({"sizes": "4 3"}, "its sizes are '4 3', not 3 whole numbers"),
        ({"sizes": "4 3 -2"}, "not 3 whole numbers"),
        ({"type": "block"}, "its type is 'block', not that of a number"),
        ({"endian": None}, "its endian is 'missing', not little or big"),
        ({"encoding": "text"}, "its encoding is 'text', not raw or gzip"),
        ({"data file": "../../x.raw"}, "its voxels lie in another file"),
        ({"datafile": "x%03d.raw 1 10 1"}, "its voxels lie in another file"),
        ({"byte skip": "-1"}, "its byte skip is '-1', not 0"),
        ({"lineskip": "3"}, "its line skip is '3', not 0"),
        ({"space origin": "(nan,0,0)"}, "its space origin is nan 0 0, which is not finite"),
        ({"space directions": "(1,0,0) (0,inf,0) (0,0,2)"}, "its space directions is .* which is not finite"),
        ({"space origin": "(-19.6x6,0,0)"}, "its space origin has '-19.6x6', which is no number"),
        ({"space directions": "none none none"}, "its space directions are 'none none none'"),
        ({"space directions": "(1,0,0) (0,1,0)"}, "its space directions are"),
        ({"space origin": "(1,0,0) (0,1,0)"}, r"its space origin is '\(1,0,0\) \(0,1,0\)', not one vector"),
        ({"units": "C" * 5000}, "its units has 5000 characters, over 500"),
        ({"kinds": "domain domain"}, "its kinds are 2, and its sizes 3"),
        ({"sizes": "4\x1c3 2"}, r"its sizes is '4\\x1c3 2', which has characters that are not of ASCII"),
        ({"secret": "1"}, "it has an unknown field, 'secret'"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_reason(header, changed, reason):
    with pytest.raises(HeaderError, match=reason):
        header(changed)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("sizes: 4 3 2\n", "it has two fields sizes"),
        ("Sizes: 4 3 2\n", "it has two fields sizes"),
        ("no field\n", "a line of it is no field"),
        ("content: a\0b\n", "it has a zero byte in its header"),
    ],
)
def test_lines_that_are_no_fields_are_refused(header, lines, reason):
    with pytest.raises(HeaderError, match=reason):
        header(lines=lines)


def test_something_else_is_refused(header):
    with pytest.raises(HeaderError, match="it does not begin with the magic of a NRRD file"):
        header(magic="NRRD9999")


def test_a_header_without_an_end_is_refused(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\ntype: short\n")
    with pytest.raises(HeaderError, match="its header has no end"):
        read_header(tmp_path / "a.nrrd")
