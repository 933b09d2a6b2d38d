"""Voxels in files: as many bytes as the header promises, whole, however they are compressed."""

import gzip
import tracemalloc
import zlib

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.header import Compression, Header, Stored
from hnseg.imaging.files.headers import read_header
from hnseg.imaging.files.voxels import check_length, check_voxels

NOISE = np.random.default_rng(0).integers(0, 1000, (6, 30, 20)).astype(np.int16)
WRITTEN = [
    ("a.mha", True),
    ("a.mha", False),
    ("a.nii.gz", True),
    ("a.nii", False),
    ("a.nrrd", True),
    ("a.nrrd", False),
    ("a.mhd", True),
    ("a.mhd", False),
]


@pytest.fixture
def written(tmp_path):
    def write(name, compress):
        sitk.WriteImage(sitk.GetImageFromArray(NOISE), tmp_path / name, compress)
        return read_header(tmp_path / name)

    return write


@pytest.fixture
def stored(tmp_path):
    """Return the header of a file of bytes that promises some voxels of uint8."""

    def write(content, promised, compression=Compression.GZIP, **fields):
        (tmp_path / "voxels").write_bytes(content)
        return Header("", (promised, 1, 1), 1, "uint8", Stored(tmp_path / "voxels", 0, compression, **fields))

    return write


@pytest.mark.parametrize(("name", "compress"), WRITTEN)
def test_a_whole_file_passes(written, name, compress):
    assert check_voxels(written(name, compress)) == 0


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.98])
@pytest.mark.parametrize(("name", "compress"), WRITTEN)
def test_a_cut_file_is_refused(written, name, compress, kept):
    header = written(name, compress)
    path = header.stored.path
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(HeaderError):
        check_voxels(header)


@pytest.mark.parametrize(("name", "compress"), WRITTEN)
def test_a_file_with_something_after_its_voxels_is_refused(written, name, compress):
    header = written(name, compress)
    with header.stored.path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(HeaderError):
        check_voxels(header)


@pytest.mark.parametrize("name", ["a.mha", "a.nii.gz", "a.nrrd"])
def test_a_flipped_bit_in_compressed_voxels_is_refused(written, name):
    header = written(name, True)
    damaged = bytearray(header.stored.path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    header.stored.path.write_bytes(damaged)
    with pytest.raises(HeaderError):
        check_voxels(header)


def test_a_short_stream_in_a_whole_member_is_refused(stored):
    with pytest.raises(HeaderError, match="it holds 50 of the 100 bytes of its voxels"):
        check_voxels(stored(gzip.compress(bytes(50)), 100))


def test_all_gzip_members_count(stored):
    half = gzip.compress(bytes(50))
    check_voxels(stored(half + half, 100))
    with pytest.raises(HeaderError, match="have no end"):
        check_voxels(stored(half + half[:-5], 100))
    with pytest.raises(HeaderError, match="it holds 50 of the 100"):
        check_voxels(stored(half, 100))


def test_metaimage_has_one_stream_only(stored):
    half = zlib.compress(bytes(50))
    with pytest.raises(HeaderError, match="something follows its compressed voxels"):
        check_voxels(stored(half + half, 100, Compression.ZLIB))


def test_the_promised_compressed_size_is_that_of_the_file(stored):
    content = zlib.compress(bytes(100))
    check_voxels(stored(content, 100, Compression.ZLIB, compressed_size=len(content)))
    for size in (len(content) // 2, len(content) + 1):
        with pytest.raises(HeaderError, match=f"its CompressedDataSize is {size}, but {len(content)} bytes follow"):
            check_voxels(stored(content, 100, Compression.ZLIB, compressed_size=size))


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZLIB])
def test_no_more_is_inflated_than_promised(stored, compression):
    compress = gzip.compress if compression is Compression.GZIP else zlib.compress
    header = stored(compress(bytes(200_000_000)), 1000, compression)
    tracemalloc.start()
    with pytest.raises(HeaderError, match="it holds more than the 1000 bytes of its voxels"):
        check_voxels(header)
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_numbers_of_a_nifti_that_itk_reads_as_0_are_counted(tmp_path, name, dtype, order):
    volume = np.ones((2, 700, 400), np.dtype(dtype).newbyteorder(order))  # several blocks
    volume.flat[[0, 131_017, -1]] = np.nan, np.inf, -np.inf
    image = nibabel.Nifti1Image(volume, np.eye(4), nibabel.Nifti1Header(endianness=order))
    image.header.set_data_dtype(volume.dtype)
    nibabel.save(image, tmp_path / name)
    header = read_header(tmp_path / name)
    assert header.byte_order == order
    assert check_voxels(header) == 3


@pytest.mark.parametrize(("name", "compress"), WRITTEN)
def test_the_length_tells_whether_a_file_is_whole(written, name, compress):
    header = written(name, compress)
    check_length(header)
    content = header.stored.path.read_bytes()
    header.stored.path.write_bytes(content[:-300])
    with pytest.raises(HeaderError):
        check_length(header)


def test_a_file_of_several_gzip_members_is_whole(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(NOISE), tmp_path / "a.nii")
    content = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]))
    check_length(read_header(tmp_path / "a.nii.gz"))
