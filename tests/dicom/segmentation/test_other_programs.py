"""Segmentations that dcmqi reads of ours, ours reads of dcmqi, and dciodvfy checks."""

import shutil
import subprocess

import numpy as np
import pytest

from hnseg.dicom.origin import Origin
from hnseg.dicom.segmentation.reading import label_map_of, read_segmentation
from hnseg.dicom.segmentation.writing import Segment, fraction_of, segmentation_of, write_segmentation
from hnseg.dicom.series.folder import read_series
from tests.support.dicom_series import GRIDS
from tests.support.outlined_structures import NAMES
from tests.support.segmentation_programs import labels_by_dcmqi, written_by_dcmqi
from tests.support.structure_set_files import write_case
from tests.support.structure_set_programs import VARIABLE, folder_of

EACH_GRID = pytest.mark.parametrize("name", GRIDS)
NEEDS_DCMQI = pytest.mark.skipif(folder_of("dcmqi") is None, reason=f"{VARIABLE} names no folder with dcmqi")
NEEDS_DCIODVFY = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a case and its segmentation: labels, and the series."""

    def written(name, kind):
        labels = write_case(tmp_path, GRIDS[name], name=name)
        series = read_series(tmp_path / "series")
        segments = {label: Segment.named(of, "#0a64ff") for label, of in NAMES.items()}
        made = segmentation_of(labels, segments, series, tmp_path / "series", Origin("SomeNet", "2"), kind=kind)
        write_segmentation(made, tmp_path / "seg.dcm")
        return labels, series

    return written


@NEEDS_DCMQI
@EACH_GRID
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_dcmqi_reads_every_voxel(write, name, kind, tmp_path):
    labels, series = write(name, kind)
    (tmp_path / "out").mkdir()
    found = labels_by_dcmqi(tmp_path / "seg.dcm", series.grid, tmp_path / "out")
    np.testing.assert_array_equal(found, labels)


@NEEDS_DCMQI
@EACH_GRID
def test_a_segmentation_of_dcmqi_is_read_without_a_voxel_of_difference(name, tmp_path):
    labels = write_case(tmp_path, GRIDS[name], name=name)
    path = written_by_dcmqi(tmp_path / "map.mha", NAMES, tmp_path / "series", tmp_path / "seg.dcm")
    series = read_series(tmp_path / "series")
    np.testing.assert_array_equal(label_map_of(read_segmentation(path), series, path), labels)


@NEEDS_DCIODVFY
@EACH_GRID
def test_dciodvfy_finds_nothing_in_binary_segments(write, name, tmp_path):
    write(name, "BINARY")
    assert errors_in(tmp_path / "seg.dcm") == []


@NEEDS_DCIODVFY
def test_dciodvfy_finds_nothing_in_fractions(write, tmp_path):
    labels, series = write("oblique", "BINARY")
    fraction = (labels / labels.max()).astype(np.float32)
    made = fraction_of(fraction, Segment.named("GTVp", "#0a64ff"), series, tmp_path / "series", Origin())
    write_segmentation(made, tmp_path / "fraction.dcm")
    assert errors_in(tmp_path / "fraction.dcm") == []


def errors_in(path):
    """Return what dciodvfy says against a file."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "Segmentation" in done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))]
