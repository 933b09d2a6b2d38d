import re
import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from hnseg.dicom.origin import RESEARCH_USE, Origin
from hnseg.version import __version__
from tests.support.dicom_series import AXIAL, GRIDS, IDENTIFIERS
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case, write_set

ORIGIN = Origin("SomeNet", "2.1", "ab" * 32)


@pytest.fixture(scope="module", params=GRIDS)
def case(request, tmp_path_factory):
    """Return the folder of a case, its series and its structure set as pydicom reads it."""
    folder = tmp_path_factory.mktemp("case")
    write_case(folder, GRIDS[request.param], name=request.param)
    series, _ = write_set(folder, sitk.ReadImage(str(folder / "map.mha")), NAMES, origin=ORIGIN)
    return folder, series, dcmread(folder / "rs.dcm")


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
def test_dciodvfy_finds_nothing_to_say(case):
    done = subprocess.run(["dciodvfy", case[0] / "rs.dcm"], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr).splitlines() == ["RTStructureSet"]


def test_every_plane_is_that_of_the_slice_that_its_contour_names(case):
    _, series, found = case
    slices = {each.sop_instance_uid: each for each in series.slices}
    for roi in found.ROIContourSequence:
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            assert len(points) == contour.NumberOfContourPoints
            assert contour.ContourGeometricType == "CLOSED_PLANAR"
            on = slices[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            normal = np.reshape(series.grid.direction, (3, 3))[:, 2]
            assert np.abs((points - np.array(on.position_mm)) @ normal).max() < 2e-6
            assert not np.array_equal(points[0], points[-1])


def test_a_coordinate_of_the_plane_is_the_slices_own_text(tmp_path):
    write_case(tmp_path, AXIAL)
    series, _ = write_set(tmp_path, sitk.ReadImage(str(tmp_path / "map.mha")), NAMES)
    for roi in dcmread(tmp_path / "rs.dcm").ROIContourSequence:
        heights = {float(z) for contour in roi.ContourSequence for z in contour.ContourData[2::3]}
        assert heights <= {each.position_mm[2] for each in series.slices}


def test_every_slice_and_the_frame_of_reference_are_referred_to(case):
    _, series, found = case
    frame = found.ReferencedFrameOfReferenceSequence[0]
    of_series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    listed = [image.ReferencedSOPInstanceUID for image in of_series.ContourImageSequence]
    assert listed == [each.sop_instance_uid for each in series.slices]
    assert of_series.SeriesInstanceUID == series.uid
    assert {frame.FrameOfReferenceUID, found.FrameOfReferenceUID} == {series.frame_of_reference_uid}
    assert {roi.ReferencedFrameOfReferenceUID for roi in found.StructureSetROISequence} == {found.FrameOfReferenceUID}


def test_names_numbers_colours_and_kinds_stand_where_they_belong(case):
    found = case[2]
    assert {roi.ROINumber: roi.ROIName for roi in found.StructureSetROISequence} == NAMES
    assert {roi.ROIGenerationAlgorithm for roi in found.StructureSetROISequence} == {"AUTOMATIC"}
    assert [roi.ReferencedROINumber for roi in found.ROIContourSequence] == list(NAMES)
    assert list(found.ROIContourSequence[0].ROIDisplayColor) == [10, 100, 255]
    assert {each.RTROIInterpretedType for each in found.RTROIObservationsSequence} == {"ORGAN"}


def test_patient_and_what_made_it_are_recorded(case):
    found = case[2]
    assert str(found.PatientName) == IDENTIFIERS["PatientName"]
    assert (found.Manufacturer, found.SoftwareVersions) == ("hnseg", __version__)
    assert found.StructureSetDescription.startswith(RESEARCH_USE)
    assert f"SomeNet 2.1, model sha256 {'ab' * 32}" in found.StructureSetDescription
    made = found.ContributingEquipmentSequence[0]
    assert (made.Manufacturer, made.SoftwareVersions) == ("SomeNet", "2.1")
    algorithm = found.StructureSetROISequence[0].ROIDerivationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("SomeNet", "2.1")
    assert found.ApprovalStatus == "UNAPPROVED"


def test_coordinates_have_at_most_16_characters(case):
    content = (case[0] / "rs.dcm").read_bytes()
    numbers = re.findall(rb"(?<=\\)-?[0-9]+\.[0-9]+(?=\\)", content)
    assert len(numbers) > 500
    assert max(map(len, numbers)) <= 16


def test_a_program_that_is_not_known_is_not_made_up(tmp_path):
    write_case(tmp_path, AXIAL)
    _, elements = write_set(tmp_path, sitk.ReadImage(str(tmp_path / "map.mha")), {1: "GTVp"})
    assert "ContributingEquipmentSequence" not in elements
    assert "Label map by a program that is not known" in elements.StructureSetDescription
    assert elements.RTROIObservationsSequence[0].RTROIInterpretedType == "GTV"
