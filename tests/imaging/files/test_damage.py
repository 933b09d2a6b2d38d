import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.files.damage import is_damaged

FORMATS = [
    ("a.mha", True),
    ("a.mha", False),
    ("a.nii.gz", True),
    ("a.nrrd", True),
    ("a.nrrd", False),
    ("a.tif", False),
    ("a.tiff", True),
]


@pytest.fixture
def written(tmp_path):
    def write(name, *, compress):
        noise = np.random.default_rng(0).integers(0, 1000, (6, 30, 20)).astype(np.int16)
        path = tmp_path / name
        sitk.WriteImage(sitk.GetImageFromArray(noise), str(path), compress)
        return path

    return write


@pytest.mark.parametrize(("name", "compress"), FORMATS)
def test_a_whole_file_is_not_damaged(written, name, compress):
    assert not is_damaged(written(name, compress=compress))


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.98])
@pytest.mark.parametrize(
    ("name", "compress"), [entry for entry in FORMATS if entry not in (("a.mha", False), ("a.nrrd", False))]
)
def test_a_cut_file_is_damaged(written, name, compress, kept):
    path = written(name, compress=compress)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    assert is_damaged(path)


@pytest.mark.parametrize("name", ["a.mha", "a.nii.gz", "a.nrrd"])
def test_a_flipped_bit_in_compressed_voxels_is_damage(written, name):
    path = written(name, compress=True)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    assert is_damaged(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.mha", b"not an image"),
        ("a.mha", b""),
        ("a.tif", b"not an image"),
        ("a.mha", b"CompressedData = True\nElementDataFile = voxels.zraw\n"),
    ],
)
def test_what_has_no_known_header_is_left_to_the_reader(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert not is_damaged(tmp_path / name)


def test_a_big_tiff_is_followed_like_a_classic_one(tmp_path):
    # Header (order, 43, 8-byte offsets), then one directory at 16 with no entries and no successor.
    head = b"II" + (43).to_bytes(2, "little") + (8).to_bytes(2, "little") + bytes(2) + (16).to_bytes(8, "little")
    (tmp_path / "whole.tif").write_bytes(head + bytes(8) + bytes(8))
    (tmp_path / "cut.tif").write_bytes(head + bytes(8) + bytes(7))
    assert not is_damaged(tmp_path / "whole.tif")
    assert is_damaged(tmp_path / "cut.tif")


def test_a_tiff_whose_pages_form_a_ring_is_damaged(tmp_path):
    # Header, then one directory at 8 with no entries whose successor is itself.
    ring = b"MM" + (42).to_bytes(2, "big") + (8).to_bytes(4, "big") + bytes(2) + (8).to_bytes(4, "big")
    (tmp_path / "a.tif").write_bytes(ring)
    assert is_damaged(tmp_path / "a.tif")
