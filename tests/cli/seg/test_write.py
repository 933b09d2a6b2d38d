"""`hnseg seg write` as a user calls it."""

import json

import pytest
from pydicom import dcmread

from tests.support.dicom_series import AXIAL, IDENTIFIERS
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case


@pytest.fixture
def given(tmp_path):
    """Return the options of a case that is written to `tmp_path`."""
    write_case(tmp_path, AXIAL)
    return ["--series", tmp_path / "series", "--names", tmp_path / "names.json", "--output", tmp_path / "seg.dcm"]


def test_the_segments_are_named_and_say_what_made_them(hnseg, tmp_path, given):
    made_by = ["--program", "SomeNet", "--program-version", "2", "--model-sha256", "AB" * 32]
    status, printed = hnseg("write", tmp_path / "map.mha", *given, *made_by)
    assert (status, printed.err) == (0, "")
    assert "7 segments" in printed.out
    found = dcmread(tmp_path / "seg.dcm")
    assert [segment.SegmentLabel for segment in found.SegmentSequence] == list(NAMES.values())
    (algorithm,) = found.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("SomeNet", "2")
    assert "ab" * 32 in algorithm.AlgorithmParameters
    assert "research use only" in found.SeriesDescription
    assert found.PatientID == IDENTIFIERS["PatientID"]
    assert not any(value in printed.out for value in IDENTIFIERS.values())


def test_labels_may_be_left_out_and_absent(hnseg, tmp_path, given):
    names = {**{str(label): None for label in NAMES}, "2": "GTVp", "9": "Larynx"}
    (tmp_path / "names.json").write_text(json.dumps(names))
    status, printed = hnseg("write", tmp_path / "map.mha", *given, "--form", "labelmap")
    assert status == 0
    assert "Larynx is left out: the label map has no voxel of 9" in printed.out
    found = dcmread(tmp_path / "seg.dcm")
    assert found.SegmentationType == "LABELMAP"
    assert [segment.SegmentLabel for segment in found.SegmentSequence if segment.SegmentNumber] == ["GTVp"]


def test_without_a_voxel_there_is_a_sentence_and_no_file(hnseg, tmp_path, given):
    (tmp_path / "names.json").write_text(json.dumps({**{str(label): None for label in NAMES}, "9": "Larynx"}))
    status, printed = hnseg("write", tmp_path / "map.mha", *given)
    assert (status, "There must be a structure to write, but" in printed.err) == (1, True)
    assert not (tmp_path / "seg.dcm").exists()
