"""MetaImage headers: what SimpleITK writes is understood, and what MetaIO would stumble over is not."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression
from hnseg.imaging.files.headers import read_header

FIELDS = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "0 0 0",
    "ElementSpacing": "1 1 2",
    "DimSize": "4 3 2",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


@pytest.fixture
def header(tmp_path):
    """Return the header of a file with some fields changed (None leaves one out), and lines before the last."""

    def read(changed=None, *, lines="", name="a.mha", voxels=bytes(48)):
        fields = FIELDS | (changed or {})
        last = fields.pop("ElementDataFile")
        text = "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None) + lines
        path = tmp_path / name
        path.write_bytes(text.encode("latin-1") + f"ElementDataFile = {last}\n".encode() + voxels)
        return read_header(path)

    return read


TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_what_simpleitk_writes_is_understood(tmp_path, dtype, compress):
    image = sitk.GetImageFromArray(np.ones((2, 3, 4), dtype))
    image.SetMetaData("0008|0060", "CT")
    sitk.WriteImage(image, tmp_path / "a.mha", compress)
    header = read_header(tmp_path / "a.mha")
    assert (header.size, header.components, header.component_type) == ((4, 3, 2), 1, dtype)
    assert header.owed == 24 * np.dtype(dtype).itemsize
    assert header.stored.compression is (Compression.ZLIB if compress else Compression.NONE)


def test_a_vector_image_has_its_components(tmp_path):
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkVectorFloat32, 3), tmp_path / "a.mha")
    header = read_header(tmp_path / "a.mha")
    assert (header.components, header.owed) == (3, 24 * 3 * 4)


@pytest.mark.parametrize("local", ["LOCAL", "Local", "local"])
def test_local_in_the_spellings_that_itk_takes(header, local):
    assert header({"ElementDataFile": local}).owed == 48


def test_voxels_begin_after_the_header_however_long_it_is(header):
    tags = "".join(f"Tag{number} = {'v' * 60}\n" for number in range(3000))
    found = header(lines=tags)
    assert found.stored.start == found.stored.path.stat().st_size - 48 > 190_000


def test_a_tag_of_several_lines_takes_no_field_with_it(header):
    assert header(lines="0008|0008 = one\ntwo\nthree\n").owed == 48


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"NDims": "100"}, "its NDims is 100, not 2 to 4"),
        ({"NDims": "-1"}, "its NDims is -1, not 2 to 4"),
        ({"NDims": None}, "its TransformMatrix stands before its NDims"),
        ({"DimSize": "4 3 0"}, r"its size is \(4, 3, 0\), and each must be over 0"),
        ({"DimSize": "4 3 -2"}, "each must be over 0"),
        ({"DimSize": "4 3"}, "its DimSize is '4 3', not 3 whole numbers"),
        ({"DimSize": "4 3 2 1"}, "not 3 whole numbers"),
        ({"DimSize": "4 3 two"}, "not 3 whole numbers"),
        ({"DimSize": "4 3 2.5"}, "not 3 whole numbers"),
        ({"DimSize": None}, "it has no DimSize"),
        ({"ElementType": "MET_CHAR_ARRAY"}, "its ElementType is 'MET_CHAR_ARRAY', not that of a number"),
        ({"ElementType": "MET_STRING"}, "not that of a number"),
        ({"ElementType": None}, "it has no ElementType"),
        ({"ElementNumberOfChannels": "0"}, "its ElementNumberOfChannels is 0"),
        ({"Offset": "nan 0 0"}, "its Offset is nan 0 0, which is not finite"),
        ({"ElementSpacing": "1 inf 1"}, "which is not finite"),
        ({"ElementSpacing": "1,0 1,0 2,0"}, "not 3 numbers"),
        ({"TransformMatrix": "1 0 0 0 1 0"}, "not 9 numbers"),
        ({"ElementDataFile": "%s%s%s%n 1 10 1"}, "its voxels must lie in the file itself, LOCAL"),
        ({"ElementDataFile": "../../../secret.raw"}, "its voxels must lie in the file itself, LOCAL"),
        ({"ElementDataFile": "LIST"}, "its voxels must lie in the file itself, LOCAL"),
        ({"ElementDataFile": "voxels.raw"}, "its voxels must lie in the file itself, LOCAL"),
        ({"BinaryData": "False"}, "its BinaryData is not True: voxels written as text are not read"),
        ({"BinaryData": "yes"}, "its BinaryData is 'yes', not True or False"),
        ({"CompressedData": "maybe"}, "its CompressedData is 'maybe', not True or False"),
        ({"CompressedData": "True"}, "it has no CompressedDataSize, without which ITK does not inflate its voxels"),
        ({"CompressedData": "True", "CompressedDataSize": "0"}, "it has no CompressedDataSize"),
        ({"HeaderSize": "-1"}, "its HeaderSize is '-1', not 0"),
        ({"ObjectType": "Tube"}, "its ObjectType is 'Tube', not Image"),
        ({"ElementToIntensityFunctionSlope": "2"}, "its ElementToIntensityFunctionSlope is '2', not 1"),
        ({"DistanceUnits": "cm"}, "its DistanceUnits is 'cm', not mm"),
        ({"Comment": "c" * 300}, "its Comment has 300 characters, over 250"),
        ({"ElementMax": "1" * 600}, "its ElementMax has 600 characters, over 500"),
        ({"Color": "1 ."}, r"its Color is '1 \.', not 4 numbers"),
        ({"ElementMin": "low"}, "its ElementMin is 'low', not 1 number"),
        ({"Comment": ""}, "its Comment has no value"),
        ({"Position": "0 0 0"}, "it has both Offset and Position"),
        ({"ElementOrigin": "0 0 0"}, "it has ElementOrigin, which its format version has not"),
        ({"K" * 300: "v"}, "a line of it has no name"),
        ({"Offset": "\xa00 0 0"}, r"its Offset is '\\xa00 0 0', which has characters that are not of ASCII"),
        ({"Offset": "0\x1c0 0"}, "its Offset .* characters that are not of ASCII"),
        ({"Offset": None, "Offset\xa0": "0 0 0"}, "a line of it has no name"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_reason(header, changed, reason):
    with pytest.raises(HeaderError, match=reason):
        header(changed)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("NDims = 3\n", "it has two NDims"),
        ("Tag =\nElementNumberOfChannels = 2\n", "its ElementNumberOfChannels stands where 'Tag' lacks its value"),
        ("Tag\nOffset = 0 0 0\n", "its Offset stands where 'Tag' lacks its value"),
        ("Tag = a\0b\n", "it has a zero byte in its header"),
        (" = value\n", "a line of it has no name"),
        ("Tag = " + "v" * 40_000 + "\n", "a line of it has no end"),
    ],
)
def test_lines_that_mean_two_things_are_refused(header, lines, reason):
    with pytest.raises(HeaderError, match=reason):
        header(lines=lines)


def test_a_header_without_an_end_is_refused(tmp_path):
    (tmp_path / "a.mha").write_bytes(b"ObjectType = Image\nNDims = 3")
    with pytest.raises(HeaderError, match="it has no ElementDataFile"):
        read_header(tmp_path / "a.mha")


def test_a_header_longer_than_any_is_refused(header):
    with pytest.raises(HeaderError, match="its header is longer than 16 MiB"):
        header(lines=f"Tag = {'v' * 20_000}\n" * 900)


def test_voxels_of_an_mhd_lie_in_a_file_beside_it(tmp_path, header):
    (tmp_path / "voxels.raw").write_bytes(bytes(48))
    assert header({"ElementDataFile": "voxels.raw"}, name="a.mhd").stored.path == tmp_path / "voxels.raw"


@pytest.mark.parametrize(
    "name", ["../voxels.raw", "voxels%d.raw", "/etc/passwd", "LIST", ".", "..", "none.raw", "link.raw"]
)
def test_voxels_of_an_mhd_lie_nowhere_else(tmp_path, header, name):
    (tmp_path / "link.raw").symlink_to("/etc/passwd")
    with pytest.raises(HeaderError, match="its ElementDataFile is"):
        header({"ElementDataFile": name}, name="a.mhd")
