"""Segmentations as label maps."""

import highdicom as hd
import numpy as np
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from hnseg.dicom.origin import Origin
from hnseg.dicom.segmentation.reading import label_map_of, names_of, read_segmentation, series_of
from hnseg.dicom.segmentation.source_images import source_images
from hnseg.dicom.segmentation.writing import Segment, fraction_of, segmentation_of, write_segmentation
from hnseg.dicom.series.folder import read_series
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case


@pytest.fixture
def case(tmp_path):
    labels = write_case(tmp_path, AXIAL)
    series = read_series(tmp_path / "series")
    segments = {label: Segment.named(name, "#ff0000") for label, name in NAMES.items()}
    write_segmentation(segmentation_of(labels, segments, series, tmp_path / "series", Origin()), tmp_path / "seg.dcm")
    return labels, series, tmp_path / "seg.dcm"


def test_names_series_and_labels_are_those_written(case):
    labels, series, path = case
    found = read_segmentation(path)
    assert names_of(found) == NAMES
    assert series_of(found) == {series.uid}
    np.testing.assert_array_equal(label_map_of(found, series, path), labels)


def test_fractions_are_refused(case, tmp_path):
    labels, series, _ = case
    segment = Segment.named("GTVp", "#ff0000")
    made = fraction_of((labels > 0).astype(np.float32), segment, series, tmp_path / "series", Origin())
    write_segmentation(made, tmp_path / "fraction.dcm")
    with pytest.raises(InputError, match="holds fractions, which have no labels"):
        read_segmentation(tmp_path / "fraction.dcm")


@pytest.mark.usefixtures("case")
def test_an_image_is_refused(tmp_path):
    with pytest.raises(InputError, match="must be a whole SEG"):
        read_segmentation(next((tmp_path / "series").iterdir()))


def test_segments_that_share_voxels_are_refused(case, tmp_path):
    labels, series, path = case
    described = [
        hd.seg.SegmentDescription(number, name, codes.SCT.Tissue, codes.SCT.Tissue, algorithm_type="MANUAL")
        for number, name in enumerate(["GTV", "CTV"], start=1)
    ]
    made = hd.seg.Segmentation(
        source_images=source_images(series, tmp_path / "series"),
        pixel_array=np.stack([labels == 1, labels <= 1], axis=-1).astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
    )
    write_segmentation(made, path)
    with pytest.raises(InputError, match="each voxel in one of them"):
        label_map_of(read_segmentation(path), series, path)
