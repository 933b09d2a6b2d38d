"""Segmentations as DICOM's elements."""

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread

from hnseg.dicom.origin import Origin
from hnseg.dicom.segmentation.codes import ENTROPY
from hnseg.dicom.segmentation.writing import STEPS, Segment, fraction_of, segmentation_of, write_segmentation
from hnseg.dicom.series.folder import read_series
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL, headers_of, write_series
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case

ORIGIN = Origin("SomeNet", "2", "ab" * 32)


@pytest.fixture
def case(tmp_path):
    labels = write_case(tmp_path, AXIAL)
    return labels, read_series(tmp_path / "series"), tmp_path / "series"


def test_labels_are_numbered_in_turn_and_others_left_out(case, tmp_path):
    labels, series, folder = case
    segments = {2: Segment.named("GTVp", "#ff0000"), 7: Segment.named("Parotid_L", "#00ff00")}
    write_segmentation(segmentation_of(labels, segments, series, folder, ORIGIN), tmp_path / "seg.dcm")
    found = hd.seg.segread(tmp_path / "seg.dcm")
    pixels = found.get_pixels_by_source_instance(
        [each.sop_instance_uid for each in series.slices], combine_segments=True, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(pixels, np.select([labels == 2, labels == 7], [1, 2], 0))
    (side,) = found.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence
    assert side.CodeMeaning == "Left"


def test_every_segment_has_its_colour(case):
    labels, series, folder = case
    segments = {label: Segment.named(name, f"#0a64{label:02x}") for label, name in NAMES.items()}
    made = segmentation_of(labels, segments, series, folder, ORIGIN)
    for label in NAMES:
        colour = hd.color.CIELabColor.from_dicom_value(made.SegmentSequence[label - 1].RecommendedDisplayCIELabValue)
        np.testing.assert_allclose(colour.to_rgb(), (0x0A, 0x64, label), atol=2)


def test_a_fraction_comes_back_to_half_a_step(case, tmp_path):
    _, series, folder = case
    fraction = np.random.default_rng(1).random(series.grid.shape_zyx, np.float32)
    made = fraction_of(fraction, Segment("entropy", "#ff0000", ENTROPY), series, folder, ORIGIN)
    write_segmentation(made, tmp_path / "seg.dcm")
    images = [each.sop_instance_uid for each in series.slices]
    found = hd.seg.segread(tmp_path / "seg.dcm").get_pixels_by_source_instance(images)[..., 0]
    np.testing.assert_allclose(found, fraction, atol=0.5 / STEPS + 1e-6)
    assert dcmread(tmp_path / "seg.dcm").SegmentationFractionalType == "PROBABILITY"


def test_without_an_origin_the_program_is_unknown(case):
    labels, series, folder = case
    made = segmentation_of(labels, {1: Segment.named("GTVp", "#ff0000")}, series, folder, Origin())
    (algorithm,) = made.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert (algorithm.AlgorithmName, "AlgorithmParameters" in algorithm) == ("unknown", False)


def test_an_element_that_dicom_does_not_know_so_is_a_sentence_that_quotes_nothing(tmp_path):
    files = headers_of(AXIAL, PatientSex="SMITH")
    series = read_series(write_series(tmp_path / "series", files))
    labels = np.ones(AXIAL.shape_zyx, np.uint8)
    with pytest.raises(InputError, match="must be as DICOM has them") as refused:
        segmentation_of(labels, {1: Segment.named("GTVp", "#ff0000")}, series, tmp_path / "series", ORIGIN)
    assert refused.value.__suppress_context__
    assert "SMITH" not in str(refused.value)
