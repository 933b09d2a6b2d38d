"""Writing of structure sets: the RT Structure Set of DICOM (PS3.3, A.19), one file for a series.

The file is in Implicit VR Little Endian: in the explicit one a contour of over 64 KiB can't be told as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom import Dataset
from pydicom.charset import default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from hnseg.dicom.contours.outlines import Polygon
from hnseg.dicom.origin import RESEARCH_USE, WRITER, WRITER_VERSION, Origin
from hnseg.dicom.patient_elements import patient_elements
from hnseg.dicom.series.series import Series, Slice
from hnseg.dicom.structure_set.names import interpreted_type
from hnseg.dicom.structure_set.outlining import Outline

_CONTOUR_DATA = Tag("ContourData")
_LABEL_CHARACTERS = 16  # of a DICOM SH
_DESCRIPTION_CHARACTERS = 1024  # of a DICOM ST


@dataclass(frozen=True)
class Drawn:
    """Structure that is written.

    Attributes:
        name: Its name.
        colour: Its colour, #rrggbb.
        outlines: Its outlines, at least one.
    """

    name: str
    colour: str
    outlines: Sequence[Outline]


def structure_set_of(structures: Mapping[int, Drawn], series: Series, folder: Path, origin: Origin) -> FileDataset:
    """Return a structure set as DICOM's elements.

    Args:
        structures: Structures by their numbers.
        series: Series on whose slices they were drawn.
        folder: Folder of the series, for error sentences.
        origin: What made the label map.

    Raises:
        InputError: A file of the series can't be read any more.
    """
    elements = _file(patient_elements(series.slices[0].path, folder))
    now = datetime.now().astimezone()
    _add_series(elements, series, now)
    _add_set(elements, origin, now)
    elements.ReferencedFrameOfReferenceSequence = [_referenced_frame(series)]
    elements.StructureSetROISequence = [
        _roi(number, drawn, series, origin) for number, drawn in sorted(structures.items())
    ]
    elements.ROIContourSequence = [_contours(number, drawn, series) for number, drawn in sorted(structures.items())]
    elements.RTROIObservationsSequence = [_observation(number, drawn) for number, drawn in sorted(structures.items())]
    return elements


def write_structure_set(elements: FileDataset, path: Path) -> None:
    """Write a structure set.

    Raises:
        OSError: The file can't be written.
    """
    elements.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=True)


def _file(patient: Dataset) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    elements = FileDataset("", patient, preamble=b"\0" * 128, file_meta=meta)
    elements.SOPClassUID = meta.MediaStorageSOPClassUID
    elements.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    return elements


def _add_series(elements: FileDataset, series: Series, now: datetime) -> None:
    """Add what belongs to study, series, equipment and frame of reference."""
    elements.StudyInstanceUID = series.study_uid
    elements.Modality = "RTSTRUCT"
    elements.SeriesInstanceUID = generate_uid()
    elements.SeriesNumber = "1"
    elements.SeriesDescription = f"{WRITER}: structures, research use only"
    elements.OperatorsName = ""
    elements.InstanceCreationDate, elements.InstanceCreationTime = _date(now), _time(now)
    elements.Manufacturer = WRITER
    elements.ManufacturerModelName = WRITER
    elements.SoftwareVersions = WRITER_VERSION
    elements.FrameOfReferenceUID = series.frame_of_reference_uid


def _add_set(elements: FileDataset, origin: Origin, now: datetime) -> None:
    """Add what describes the structure set and its approval."""
    elements.StructureSetLabel = (origin.program or WRITER)[:_LABEL_CHARACTERS].strip()
    elements.StructureSetName = f"{WRITER} {WRITER_VERSION}"
    described = f"{RESEARCH_USE} Label map by {origin.in_words}; contours by {WRITER} {WRITER_VERSION}."
    elements.StructureSetDescription = described[:_DESCRIPTION_CHARACTERS]
    elements.StructureSetDate, elements.StructureSetTime = _date(now), _time(now)
    elements.InstanceNumber = "1"
    elements.ApprovalStatus = "UNAPPROVED"
    if origin.program:
        made = Dataset()
        made.PurposeOfReferenceCodeSequence = [_code("109102", "Processing Equipment")]
        made.Manufacturer = origin.program
        made.ManufacturerModelName = origin.program
        made.SoftwareVersions = origin.version or "unknown"
        made.ContributionDescription = f"Segmentation by {origin.in_words}. {RESEARCH_USE}"
        elements.ContributingEquipmentSequence = [made]


def _date(now: datetime) -> str:
    return now.strftime("%Y%m%d")


def _time(now: datetime) -> str:
    return now.strftime("%H%M%S")


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _referenced_frame(series: Series) -> Dataset:
    of_series = Dataset()
    of_series.SeriesInstanceUID = series.uid
    of_series.ContourImageSequence = [_image(each) for each in series.slices]
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, as planning systems write
    study.ReferencedSOPInstanceUID = series.study_uid
    study.RTReferencedSeriesSequence = [of_series]
    frame = Dataset()
    frame.FrameOfReferenceUID = series.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(each: Slice) -> Dataset:
    image = Dataset()
    image.ReferencedSOPClassUID = each.sop_class_uid
    image.ReferencedSOPInstanceUID = each.sop_instance_uid
    return image


def _roi(number: int, drawn: Drawn, series: Series, origin: Origin) -> Dataset:
    roi = Dataset()
    roi.ROINumber = number
    roi.ReferencedFrameOfReferenceUID = series.frame_of_reference_uid
    roi.ROIName = drawn.name
    roi.ROIGenerationAlgorithm = "AUTOMATIC"
    if origin.program:
        algorithm = Dataset()
        algorithm.AlgorithmFamilyCodeSequence = [_code("123110", "Artificial Intelligence")]
        algorithm.AlgorithmName = origin.program
        algorithm.AlgorithmVersion = origin.version or "unknown"
        if origin.model_sha256:
            algorithm.AlgorithmParameters = f"model sha256 {origin.model_sha256.lower()}"
        roi.ROIDerivationAlgorithmIdentificationSequence = [algorithm]
    return roi


def _contours(number: int, drawn: Drawn, series: Series) -> Dataset:
    of_roi = Dataset()
    of_roi.ROIDisplayColor = [int(drawn.colour[start : start + 2], 16) for start in (1, 3, 5)]
    of_roi.ContourSequence = [_contour(outline, series.slices[outline.z]) for outline in drawn.outlines]
    of_roi.ReferencedROINumber = number
    return of_roi


def _contour(outline: Outline, on: Slice) -> Dataset:
    contour = Dataset()
    contour.set_original_encoding(True, True, default_encoding)  # so that coordinates are written as they are
    contour.ContourImageSequence = [_image(on)]
    contour.ContourGeometricType = "CLOSED_PLANAR"
    contour.NumberOfContourPoints = len(outline.points_mm)
    value = _coordinates(outline.points_mm)
    contour[_CONTOUR_DATA] = RawDataElement(_CONTOUR_DATA, "DS", len(value), value, 0, True, True)
    return contour


def _coordinates(points_mm: Polygon) -> bytes:
    """Return coordinates as a DICOM DS of even length: to a nanometre, as whole texts of at most 16 characters.

    A coordinate of the plane itself, which all points have, has all digits of the slice's own position.
    """
    columns = []
    for axis in range(3):
        values = points_mm[:, axis].tolist()
        exact = repr(values[0])
        if len(exact) <= 16 and values.count(values[0]) == len(values):
            columns.append([exact] * len(values))
        else:
            columns.append([f"{value:.6f}".rstrip("0").rstrip(".") for value in values])
    text = "\\".join("\\".join(point) for point in zip(*columns, strict=True))
    return (text + " " * (len(text) % 2)).encode("ascii")


def _observation(number: int, drawn: Drawn) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = number
    observation.ReferencedROINumber = number
    observation.ROIObservationLabel = drawn.name[:_LABEL_CHARACTERS]
    observation.RTROIInterpretedType = interpreted_type(drawn.name)
    observation.ROIInterpreter = ""
    return observation
