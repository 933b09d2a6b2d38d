"""One reader: a file becomes a checked image, or an error that names the image and the file."""

import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.formats import READ
from hnseg.imaging.files.reading import read_grid, read_scan, read_volume
from hnseg.imaging.geometry import Grid

LABELS = {1: "Tumour", 2: "Node"}
COUNTING = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


@pytest.fixture
def put(tmp_path):
    """Write an image, or an array (z, y, x) as one, and return its path."""

    def write(image, name="a.mha", *, compress=True):
        image = sitk.GetImageFromArray(image) if isinstance(image, np.ndarray) else image
        sitk.WriteImage(image, tmp_path / name, compress)
        return tmp_path / name

    return write


def refusal(path, *, read=read_volume, **options):
    with pytest.raises(InputError) as caught:
        read(path, title="scan", **options)
    return str(caught.value)


def unreadable(path, reason):
    return (
        f"The scan must be a readable image, but {path} can't be read as one: {reason}."
        " Is the file cut off or damaged, or is it of another type than its name says?"
    )


@pytest.mark.parametrize("name", [f"a{suffix}" for suffix in READ if suffix != ".mhd"])
def test_every_format_is_read_with_its_own_voxel_type(put, name):
    volume = read_volume(put(COUNTING, name), title="scan")
    assert volume.GetPixelID() == sitk.sitkInt16
    np.testing.assert_array_equal(sitk.GetArrayFromImage(volume), COUNTING)


def test_a_volume_keeps_its_grid(put):
    image = sitk.GetImageFromArray(COUNTING)
    image.SetSpacing((0.5, 1.0, 3.0))
    image.SetOrigin((1.0, 2.0, 3.0))
    assert Grid.of(read_volume(put(image), title="scan")) == Grid.of(image)


def test_voxels_may_lie_in_a_second_file(put):
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_volume(put(COUNTING, "a.mhd"), title="scan")), COUNTING)


def test_a_volume_may_have_one_value_and_a_scan_may_not(put):
    path = put(np.full((3, 4, 5), 7, np.int16))
    assert read_volume(path, title="scan").GetSize() == (5, 4, 3)
    assert refusal(path, read=read_scan) == (
        f"The scan must show something, but every voxel of {path} is 7. Was an empty image exported?"
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_a_label_map_of_any_type_with_whole_numbers_becomes_uint8(put, dtype):
    labels = (COUNTING % 3).astype(dtype)
    label_map = read_volume(put(labels), title="mask", labels=LABELS)
    assert label_map.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(sitk.GetArrayFromImage(label_map), labels)


def test_a_label_map_may_be_empty(put):
    label_map = read_volume(put(np.zeros((3, 4, 5), np.uint8)), title="mask", labels=LABELS)
    assert not sitk.GetArrayFromImage(label_map).any()


@pytest.mark.parametrize(
    ("value", "found"), [(3, "3"), (0.5, "0.5"), (-1, "-1"), (np.nan, "nan"), (300, "300"), (1.9999999, "2")]
)
def test_values_outside_the_label_set_are_named(put, value, found):
    labels = (COUNTING % 3).astype(np.float64)
    labels[0, 0, 0] = value
    path = put(labels)
    assert refusal(path, labels=LABELS) == (
        f"The scan must hold only 0, 1 (Tumour), 2 (Node), but {path} also holds {found}."
        " Was an image, a probability map or another label set given?"
    )


@pytest.mark.parametrize(
    ("name", "compress", "reason"),
    [
        ("a.mha", True, r"its CompressedDataSize is \d+, but \d+ bytes follow its header"),
        ("a.mha", False, r"it holds \d+ of the 7200 bytes of its voxels"),
        ("a.nii", False, r"it holds \d+ of the 7200 bytes of its voxels"),
        ("a.nii.gz", True, "its compressed voxels have no end"),
        ("a.nrrd", True, "its compressed voxels have no end"),
        ("a.nrrd", False, r"it holds \d+ of the 7200 bytes of its voxels"),
    ],
)
def test_a_cut_file_is_refused(put, name, compress, reason):
    path = put(np.random.default_rng(0).integers(0, 1000, (6, 30, 20)).astype(np.int16), name, compress=compress)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert re.fullmatch(re.escape(unreadable(path, "REASON")).replace("REASON", reason), refusal(path))


@pytest.mark.parametrize("content", [b"", b"not an image"])
def test_something_else_under_an_images_name_is_refused(tmp_path, content):
    path = tmp_path / "a.mha"
    path.write_bytes(content)
    assert refusal(path) == unreadable(path, "it has no ElementDataFile")


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF"])
def test_a_tiff_is_refused_unopened(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"anything")
    assert refusal(path) == (
        f"The scan must be a file with an origin and a direction, but {path} is a TIFF, which has neither."
        " Can it be had as MetaImage (.mha)?"
    )


@pytest.mark.parametrize("read", [read_volume, read_scan, read_grid])
def test_a_pipe_is_refused_and_nobody_waits_for_it(tmp_path, read):
    os.mkfifo(tmp_path / "a.mha")
    assert refusal(tmp_path / "a.mha", read=read).startswith("The scan must be a regular file, but")


def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / os.fsdecode(b"a\xff.mha")
    sitk.WriteImage(sitk.GetImageFromArray(COUNTING), tmp_path / "a.mha")
    (tmp_path / "a.mha").rename(path)
    assert refusal(path).startswith(f"The scan must have a name in UTF-8, but {tmp_path}/a\\udcff.mha is not.")


def test_a_link_may_not_leave_a_folder(put, tmp_path):
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "a.mha").symlink_to(put(COUNTING, "outside.mha"))
    assert read_volume(folder / "a.mha", title="scan").GetSize() == (5, 4, 3)
    assert refusal(folder / "a.mha", inside=folder) == (
        f"The scan must lie inside {folder}, but {folder}/a.mha is a link to {tmp_path}/outside.mha."
        " Was a link mounted for a file?"
    )


def test_the_folder_itself_may_be_a_link(put, tmp_path):
    path = put(COUNTING)
    (tmp_path / "link").symlink_to(tmp_path)
    assert read_volume(tmp_path / "link" / path.name, title="scan", inside=tmp_path / "link").GetSize() == (5, 4, 3)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (b"ElementSpacing", b"0 1 1", r"must have a spacing of 0.01 to 100 mm, but that of .* is \(0, 1, 1\)"),
        (b"ElementSpacing", b"1 1 1000", r"must have a spacing of 0.01 to 100 mm, but that of .* is \(1, 1, 1000\)"),
        (b"ElementSpacing", b"-1 1 1", r"must have a spacing of 0.01 to 100 mm"),
        (b"Offset", b"0 0 1e9", r"must have its origin within 100 m, but that of .* is \(0, 0, 1e\+09\) mm"),
        (b"Offset", b"nan 0 0", "its Offset is nan 0 0, which is not finite"),
        (b"TransformMatrix", b"1 0 0 0.3 1 0 0 0 1", "must have axes of length 1 at right angles"),
        (b"TransformMatrix", b"2 0 0 0 1 0 0 0 1", "must have axes of length 1 at right angles"),
        (b"TransformMatrix", b"0 0 0 0 0 0 0 0 0", "must have axes of length 1 at right angles"),
    ],
)
@pytest.mark.parametrize("read", [read_volume, read_grid])
def test_a_geometry_that_no_scan_has_is_refused(put, read, key, value, sentence):
    path = put(COUNTING, compress=False)
    lines = path.read_bytes().split(b"\n")
    at = next(number for number, line in enumerate(lines) if line.startswith(key + b" "))
    lines[at] = key + b" = " + value
    path.write_bytes(b"\n".join(lines))
    assert re.search(sentence, refusal(path, read=read))


def test_a_reason_of_itk_is_passed_on(put):
    path = put(COUNTING, "a.nii", compress=False)
    content = bytearray(path.read_bytes())
    struct.pack_into("<2h", content, 252, 0, 1)  # no qform, and an sform with a shear
    struct.pack_into("<12f", content, 280, 1, 0.001, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    path.write_bytes(content)
    assert refusal(path) == (
        f"The scan must be an image that ITK reads, but of {path} it says: ITK only supports orthonormal direction"
        " cosines. No orthonormal definition found. Is the header corrupt, or was the image sheared?"
    )


def test_what_itk_prints_of_a_nifti_does_not_reach_stderr(put, capfd):
    path = put(COUNTING, "a.nii.gz")
    mixed = path.rename(path.with_name("a.Nii.Gz"))  # which its library prints some lines about
    assert "is not recognized as a NIFTI file" in refusal(mixed)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.mkdir()], ids=["nothing", "a folder"])
@pytest.mark.parametrize("read", [read_volume, read_scan, read_grid])
def test_a_missing_file_is_said_to_be_missing(tmp_path, make, read):
    path = tmp_path / "a.mha"
    make(path)
    assert refusal(path, read=read) == f"The scan must be a file, but there is none at {path}. Is the path right?"


@pytest.mark.parametrize(
    ("image", "name", "found"),
    [
        (sitk.Image([4, 5], sitk.sitkInt16), "a.mha", "is 2-D with size (4, 5)"),
        (sitk.Image([4, 5, 3, 2], sitk.sitkInt16), "a.mha", "is 4-D with size (4, 5, 3, 2)"),
        (sitk.Image([4, 5, 3], sitk.sitkVectorFloat32, 3), "a.mha", "has a vector of 32-bit float"),
        (sitk.Image([4, 5, 3], sitk.sitkComplexFloat32), "a.nii.gz", "has a complex of 32-bit float"),
    ],
)
@pytest.mark.parametrize("read", [read_volume, read_grid])
def test_only_one_number_a_voxel_in_three_dimensions(put, read, image, name, found):
    path = put(image, name)
    assert f"{path} {found}" in refusal(path, read=read)


@pytest.mark.parametrize("name", ["a.mha", "a.nii.gz", "a.nrrd"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_counted(put, value, name):
    array = COUNTING.astype(np.float32)
    array[0, 0, 0], array[2, 3, 4] = value, value  # in the first slice and in the last
    path = put(array, name)
    assert refusal(path).startswith(
        f"The scan must hold finite numbers only, but 2 of 60 voxels of {path} are NaN or infinite."
    )


def test_a_header_that_promises_more_than_the_memory_is_refused_before_reading(put):
    path = put(COUNTING, compress=False)
    path.write_bytes(path.read_bytes().replace(b"DimSize = 5 4 3", b"DimSize = 90000 90000 900"))
    # 90000 x 90000 x 900 voxels at 2 + 4 bytes
    sentence = refusal(path)
    assert f"must fit into memory, but {path} with size (90000, 90000, 900) needs over 40736.0 GiB and" in sentence
    assert "Is the header corrupt" in sentence


def test_a_grid_needs_only_the_header(put):
    image = sitk.GetImageFromArray(COUNTING)
    image.SetOrigin((-100.5, 33.25, 7.0))
    path = put(image, compress=False)
    path.write_bytes(path.read_bytes()[:-20])
    assert read_grid(path, title="scan") == Grid.of(image)


def test_a_cut_file_has_a_grid_unless_it_must_be_whole(put):
    path = put(COUNTING, "a.nrrd")
    grid = read_grid(path, title="scan", whole=True)
    path.write_bytes(path.read_bytes()[:-10])
    assert read_grid(path, title="scan") == grid
    with pytest.raises(InputError, match=r"The scan must be a readable image, but .*a\.nrrd can't be read as one"):
        read_grid(path, title="scan", whole=True)


def test_reading_needs_no_torch():
    code = "import sys, hnseg.imaging.files.reading; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
