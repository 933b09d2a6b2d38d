"""Elements of patient and study, which what is written has in common with the series that it is of."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset, dcmread

from hnseg.dicom.elements import damage_as_header_error
from hnseg.errors import HeaderError, InputError

_REQUIRED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
"""Elements that must be there, empty where nothing is known (type 2)."""
_FURTHER = ("StudyDescription", "PatientAge", "PatientSize", "PatientWeight", "IssuerOfPatientID")
_WITH_IMAGE = ("PositionReferenceIndicator",)


def patient_elements(image: Path, folder: Path) -> Dataset:
    """Return the elements of patient, study and frame of reference of an image.

    An element that can't be read is left empty, and so the character set where its texts are in none.

    Args:
        image: File of the series.
        folder: Folder of the series, for error sentences.

    Raises:
        InputError: The file has changed since it was read first.
    """
    keywords = [*_REQUIRED, *_FURTHER, *_WITH_IMAGE]
    try:
        with image.open("rb") as file, damage_as_header_error():
            found = dcmread(file, stop_before_pixels=True, specific_tags=[*keywords, "SpecificCharacterSet"])
    except (HeaderError, OSError) as error:
        raise InputError(f"The DICOM files in {folder} must stay as they are, but one has changed.") from error
    elements = Dataset()
    if "SpecificCharacterSet" in found and _can_be_copied(found, "SpecificCharacterSet"):
        elements["SpecificCharacterSet"] = found["SpecificCharacterSet"]
    for keyword in keywords:
        if keyword in found and _can_be_copied(found, keyword):
            elements[keyword] = found[keyword]
        elif keyword not in _FURTHER:
            setattr(elements, keyword, "")
    return elements


def _can_be_copied(found: Dataset, keyword: str) -> bool:
    """Return whether an element can be read, and has no sequence where a value belongs."""
    try:
        with damage_as_header_error():
            return found[keyword].VR != "SQ" and str(found[keyword].value) is not None
    except HeaderError:
        return False
