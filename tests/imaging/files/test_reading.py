import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_grid, read_scan, read_volume
from hnseg.imaging.geometry import Grid, array_of, image_of

GRID = Grid((4, 3, 2), (0.5, 1.0, 3.0), (1.0, 2.0, 3.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {1: "GTVp", 2: "GTVn"}


@pytest.fixture
def put(tmp_path):
    """Write voxels (z, y, x) on the grid, uncompressed, and return their file."""

    def write(array):
        path = tmp_path / "image.mha"
        sitk.WriteImage(image_of(array, GRID), str(path), False)
        return path

    return write


def test_a_volume_keeps_its_voxels_type_and_grid(put):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    volume = read_volume(put(array), title="scan")
    np.testing.assert_array_equal(array_of(volume), array)
    assert array_of(volume).dtype == np.int16
    assert Grid.of(volume) == GRID


def test_a_label_map_becomes_uint8_and_may_be_empty(put):
    labels = read_volume(put(np.zeros((2, 3, 4), np.float64)), title="mask", labels=LABELS)
    assert labels.GetPixelID() == sitk.sitkUInt8
    assert not array_of(labels).any()


def test_a_value_that_is_no_label_is_named(put):
    path = put(np.full((2, 3, 4), 7, np.int16))
    with pytest.raises(InputError, match=r"The mask must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but .* also holds 7\."):
        read_volume(path, title="mask", labels=LABELS)


def test_only_a_scan_must_show_something(put):
    path = put(np.full((2, 3, 4), 7, np.int16))
    assert (array_of(read_volume(path, title="map")) == 7).all()
    with pytest.raises(InputError, match=r"The scan must show something, but every voxel of .* is 7\."):
        read_scan(path, title="scan")


def test_numbers_that_are_not_finite_are_counted_over_all_slices(put):
    array = np.zeros((2, 3, 4), np.float32)
    array[0, 0, 0], array[1, 2, 3] = np.nan, -np.inf
    with pytest.raises(InputError, match=r"The scan must hold finite numbers only, but 2 of 24 voxels of"):
        read_volume(put(array), title="scan")


def test_a_grid_is_read_from_a_file_that_lost_its_voxels(put):
    path = put(np.zeros((2, 3, 4), np.int16))
    path.write_bytes(path.read_bytes()[:-40])
    assert read_grid(path, title="scan") == GRID
    with pytest.raises(InputError, match=r"The scan must be a readable image, but .* can't be read as one\."):
        read_volume(path, title="scan")


@pytest.mark.parametrize("read", [read_volume, read_scan, read_grid])
def test_a_missing_file_and_a_folder_are_no_file(tmp_path, read):
    for path in (tmp_path / "no.mha", tmp_path):
        with pytest.raises(InputError, match=rf"The CT must be a file, but there is none at {path}\."):
            read(path, title="CT")


def test_reading_does_not_bring_torch():
    program = "import sys, hnseg.imaging.files.reading; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
