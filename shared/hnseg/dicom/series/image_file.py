"""One image of a series: what its header says of its place, and whether the file is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from hnseg.dicom.elements import check_items, count_of, damage_as_header_error, numbers_of, text_of, uid_of
from hnseg.errors import HeaderError

_UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_KEYWORDS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"),
    *("PatientID", "Modality", "ImageType", "SeriesNumber", "InstanceNumber", "NumberOfFrames"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"),
    *("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "RepetitionTime", "TriggerTime"),
    *("FrameReferenceTime", "DiffusionBValue"),
]
_TOLD_APART_BY = (
    *("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "TriggerTime", "FrameReferenceTime"),
    "DiffusionBValue",
)
_PROJECTIONS = ("MIP", "MINIP", "MPR_MIP")
_LEAST_SPACING_MM, _MOST_SPACING_MM = 0.01, 100.0  # as of any image file
_MOST_POSITION_MM = 100_000.0
_DIRECTION_TOLERANCE = 1e-3

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Plane:
    """Plane of an image.

    Attributes:
        position_mm: Centre of its first pixel, LPS.
        along_row: Direction in which columns count, of length 1, LPS.
        along_column: Direction in which rows count, in the same way.
        spacing_mm: Distance between pixels along a row and along a column.
        size: Number of columns and rows.
    """

    position_mm: Vector
    along_row: Vector
    along_column: Vector
    spacing_mm: tuple[float, float]
    size: tuple[int, int]


@dataclass(frozen=True)
class ImageFile:
    """Image file of a series.

    Attributes:
        path: The file.
        sop_class_uid: Kind of image.
        sop_instance_uid: Identifier of the image.
        patient: Checksum of the patient's identifier, to compare with those of others.
        study_uid: Identifier of the study.
        series_uid: Identifier of the series.
        frame_of_reference_uid: Identifier of the coordinates; empty where the image has none.
        modality: Such as CT, MR or PT.
        series_number: Number of the series, as its file has it; empty where it has none.
        instance_number: Number of the image, in the same way.
        is_localiser: Whether it is a scout view.
        is_projection: Whether it is computed of many slices, such as a maximum intensity projection.
        acquisition: What tells acquisitions in one series apart, by the name of its element: numbers as texts, and
            kinds of image; empty texts where the file has none.
        echo_ms: Echo time of an MR; None where it has none.
        repetition_ms: Repetition time, in the same way.
        frames: Number of images in the file.
        plane: Its plane; None where it has no position, as a secondary capture, or `problem` says what is wrong.
        problem: What is wrong with its plane, as part of a sentence; empty where nothing is.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    patient: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    modality: str
    series_number: str
    instance_number: str
    is_localiser: bool
    is_projection: bool
    acquisition: Mapping[str, str]
    echo_ms: float | None
    repetition_ms: float | None
    frames: int
    plane: Plane | None
    problem: str


def read_image_file(path: Path) -> ImageFile | None:
    """Read the header of a DICOM file.

    Args:
        path: File that begins as a DICOM file does.

    Returns:
        The image; None for an object without pixels, such as a structure set.

    Raises:
        HeaderError: The file is cut off or damaged, or lacks what every image has.
        OSError: The file can't be read.
    """
    with path.open("rb") as file, damage_as_header_error():
        check_items(file)
        elements = dcmread(file, stop_before_pixels=True, specific_tags=_KEYWORDS)
        if "Rows" not in elements and "Columns" not in elements:
            return None
        frames = count_of(elements, "NumberOfFrames") if elements.get("NumberOfFrames") else 1
        _check_pixels(file, elements, frames)
        plane, problem = _plane_or_problem(elements)
        words = {str(word).upper() for word in _words(elements)}
        frame_of_reference_uid = uid_of(elements, "FrameOfReferenceUID") if elements.get("FrameOfReferenceUID") else ""
        return ImageFile(
            path=path,
            sop_class_uid=uid_of(elements, "SOPClassUID"),
            sop_instance_uid=uid_of(elements, "SOPInstanceUID"),
            patient=hashlib.sha256(text_of(elements, "PatientID").encode()).hexdigest(),
            study_uid=uid_of(elements, "StudyInstanceUID"),
            series_uid=uid_of(elements, "SeriesInstanceUID"),
            frame_of_reference_uid=frame_of_reference_uid,
            modality=_short(text_of(elements, "Modality")),
            series_number=_whole(elements, "SeriesNumber"),
            instance_number=_whole(elements, "InstanceNumber"),
            is_localiser="LOCALIZER" in words,
            is_projection=any("PROJECTION" in word or word in _PROJECTIONS for word in words),
            acquisition=_acquisition(elements, words),
            echo_ms=_number(elements, "EchoTime"),
            repetition_ms=_number(elements, "RepetitionTime"),
            frames=frames,
            plane=plane,
            problem=problem,
        )


def _words(elements: Dataset) -> list[object]:
    value = elements.get("ImageType") or []
    return [value] if isinstance(value, str) else list(value)


def _acquisition(elements: Dataset, words: Collection[str]) -> dict[str, str]:
    numbers = {keyword: _number(elements, keyword) for keyword in _TOLD_APART_BY}
    told = {keyword: "" if number is None else f"{number:g}" for keyword, number in numbers.items()}
    return {**told, "ImageType": " ".join(sorted(words))}


def _number(elements: Dataset, keyword: str) -> float | None:
    try:
        return numbers_of(elements, keyword, 1)[0]
    except HeaderError:
        return None


def _short(text: str) -> str:
    """Return a code of DICOM, such as a modality; empty where it is none, and so could say anything."""
    return text if len(text) <= 16 and text.replace("_", "").isalnum() and text.isascii() else ""


def _whole(elements: Dataset, keyword: str) -> str:
    number = _number(elements, keyword)
    return "" if number is None else str(int(number))


def _check_pixels(file: BinaryIO, elements: Dataset, frames: int) -> None:
    """Refuse a file that ends before its pixels do; of compressed ones it is only known that there are some."""
    syntax = elements.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
    if syntax.is_transfer_syntax and syntax.is_deflated:
        return
    start = file.tell() + (8 if syntax == ImplicitVRLittleEndian else 12)  # after tag and length of the pixels
    present = file.seek(0, 2) - start
    owed = 1
    if syntax in _UNCOMPRESSED:
        samples = count_of(elements, "SamplesPerPixel") if "SamplesPerPixel" in elements else 1
        pixels = count_of(elements, "Rows") * count_of(elements, "Columns") * samples * frames
        owed = pixels * count_of(elements, "BitsAllocated") // 8
    if present < owed:
        raise HeaderError("it ends before its pixels do")


def _plane_or_problem(elements: Dataset) -> tuple[Plane | None, str]:
    if "ImagePositionPatient" not in elements and "ImageOrientationPatient" not in elements:
        return None, ""
    try:
        return _plane(elements), ""
    except HeaderError as error:
        return None, str(error)


def _plane(elements: Dataset) -> Plane:
    position = numbers_of(elements, "ImagePositionPatient", 3)
    if max(map(abs, position)) > _MOST_POSITION_MM:
        raise HeaderError(f"its ImagePositionPatient is over {_MOST_POSITION_MM / 1000:g} m away")
    orientation = np.array(numbers_of(elements, "ImageOrientationPatient", 6)).reshape(2, 3)
    if not np.allclose(orientation @ orientation.T, np.eye(2), rtol=0, atol=_DIRECTION_TOLERANCE):
        raise HeaderError("its ImageOrientationPatient is not two directions of length 1 at a right angle")
    down, across = numbers_of(elements, "PixelSpacing", 2)
    if not all(_LEAST_SPACING_MM <= side <= _MOST_SPACING_MM for side in (down, across)):
        raise HeaderError(f"its PixelSpacing is {down:g} x {across:g} mm")
    along_row, along_column = orientation.tolist()
    size = (count_of(elements, "Columns"), count_of(elements, "Rows"))
    return Plane(_vector(position), _vector(along_row), _vector(along_column), (across, down), size)


def _vector(values: tuple[float, ...] | list[float]) -> Vector:
    x, y, z = values
    return (x, y, z)
