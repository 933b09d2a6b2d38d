"""Reading of structure sets, of our own and of any other writer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import Tag

from hnseg.dicom.elements import damage_as_header_error, is_dicom, items_of, numbers_of, text_of
from hnseg.dicom.structure_set.structures import Contour, Points, Structure, StructureSet
from hnseg.errors import HeaderError, InputError
from hnseg.imaging.files.output_files import reason_of

_CONTOUR_DATA = Tag("ContourData")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_MOST_MIB = 512  # a structure set of 31 rough organs in 202 slices of 1024 x 1024 has 85
_MOST_ITEMS = 1_000_000  # and 64,000; each takes a kilobyte, and eight bytes in the file
_ITEM = b"\xfe\xff\x00\xe0"
_MOST_MM = 1e6


def read_structure_set(path: Path) -> StructureSet:
    """Read a structure set.

    Args:
        path: The file.

    Raises:
        InputError: It is missing, no structure set, larger than 512 MiB, cut off or damaged.
    """
    try:
        content = _content(path)
        with damage_as_header_error():
            return _structure_set(dcmread(BytesIO(content)))
    except (HeaderError, OSError) as error:
        reason = str(error) if isinstance(error, HeaderError) else reason_of(error)
        raise InputError(
            f"The structure set must be a whole RTSTRUCT, but {path} can't be read as one: {reason}."
            " Is it another object, or was the export cut short?"
        ) from error


def _content(path: Path) -> bytes:
    """Return the bytes of a file that may be a structure set."""
    if not path.exists():
        raise HeaderError("there is no such file")
    if not is_dicom(path):
        raise HeaderError("it is not a DICOM file")
    if path.stat().st_size > _MOST_MIB << 20:
        raise HeaderError(f"it is larger than {_MOST_MIB} MiB")
    content = path.read_bytes()
    if content.count(_ITEM) > _MOST_ITEMS:
        raise HeaderError(f"it has over {_MOST_ITEMS} items")
    return content


def _structure_set(elements: Dataset) -> StructureSet:
    if any(_is_cut(element) for element in elements.elements()):
        raise HeaderError("it ends before its values do")
    if "StructureSetROISequence" not in elements:
        raise HeaderError("it holds no structures")
    return StructureSet(tuple(_series_uids(elements)), tuple(_structures(elements)))


def _is_cut(element: DataElement | RawDataElement) -> bool:
    """Return whether an element as it was read has fewer bytes than it says, which pydicom passes over."""
    if not isinstance(element, RawDataElement) or element.length == _UNDEFINED_LENGTH:
        return False
    return len(element.value or b"") < element.length


def _series_uids(elements: Dataset) -> Iterator[str]:
    for frame in items_of(elements, "ReferencedFrameOfReferenceSequence"):
        for study in items_of(frame, "RTReferencedStudySequence"):
            for series in items_of(study, "RTReferencedSeriesSequence"):
                yield text_of(series, "SeriesInstanceUID")


def _structures(elements: Dataset) -> Iterator[Structure]:
    contours = {_number(item, "ReferencedROINumber"): item for item in items_of(elements, "ROIContourSequence")}
    known: set[int] = set()
    for item in items_of(elements, "StructureSetROISequence"):
        number = _number(item, "ROINumber")
        if number in known:
            raise HeaderError(f"two of its structures have the number {number}")
        known.add(number)
        drawn = items_of(contours[number], "ContourSequence") if number in contours else []
        yield Structure(
            number=number,
            name=text_of(item, "ROIName"),
            frame_of_reference_uid=text_of(item, "ReferencedFrameOfReferenceUID"),
            contours=tuple(map(_contour, drawn)),
        )


def _number(item: Dataset, keyword: str) -> int:
    (number,) = numbers_of(item, keyword, 1)
    return math.floor(number)


def _contour(item: Dataset) -> Contour:
    return Contour(text_of(item, "ContourGeometricType"), _points_mm(item))


def _points_mm(item: Dataset) -> Points:
    """Return the vertices of a contour, read as numbers at once: as texts they would take minutes and gigabytes."""
    element = item.get_item(_CONTOUR_DATA)
    if element is None or not element.value:
        return np.zeros((0, 3))
    try:
        if isinstance(element, RawDataElement):
            values = _numbers(element.value or b"")
        else:
            values = np.array(element.value, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise HeaderError("a contour has a coordinate that is not a number") from error
    if len(values) % 3:
        raise HeaderError(f"a contour has {len(values)} coordinates, not three for each point")
    if not (np.abs(values) < _MOST_MM).all():  # of NaN too
        raise HeaderError("a contour has a point that is not within a kilometre")
    return values.reshape(-1, 3)


def _numbers(value: bytes) -> Points:
    """Return the numbers of a DICOM DS.

    Raises:
        ValueError: One is none.
    """
    text = value.decode("ascii").rstrip(" \0")
    numbers = np.fromstring(text, dtype=np.float64, sep=" \\ ")
    if len(numbers) != text.count("\\") + 1:
        raise ValueError(text[:1])
    return numbers
