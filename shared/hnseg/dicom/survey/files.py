"""Files of a folder by what they are: images by series, structure sets, DICOM files that can't be used, and others."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID, RTStructureSetStorage, SegmentationStorage

from hnseg.dicom.elements import check_items, damage_as_header_error, is_dicom, text_of, uid_of
from hnseg.dicom.series.image_file import ImageFile, read_image_file
from hnseg.dicom.survey.entry import Damage
from hnseg.errors import HeaderError, InputError
from hnseg.imaging.files.output_files import reason_of

# Structure sets and segmentations may hold more items than an image ever has.
_LABEL_MAP_SEGMENTATION = UID("1.2.840.10008.5.1.4.1.1.66.7")
_WITHOUT_SLICES = (RTStructureSetStorage, SegmentationStorage, _LABEL_MAP_SEGMENTATION)


@dataclass
class SortedFiles:
    """Files of a folder.

    Attributes:
        images: Images by the identifiers of their series.
        structure_sets: Files of structure sets.
        damage: Files that can't be used, by series.
        others: Number of all other files.
    """

    images: dict[str, list[ImageFile]] = field(default_factory=lambda: defaultdict(list))
    structure_sets: list[Path] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    others: int = 0


def sorted_files(folder: Path) -> SortedFiles:
    """Sort the files of a folder of any depth; their names don't matter.

    Raises:
        InputError: It is no folder.
    """
    if not folder.is_dir():
        raise InputError(f"DICOM files must be given as a folder, but {folder} is none. Is the path right?")
    found = SortedFiles()
    reasons: dict[str, list[str]] = defaultdict(list)
    for path in sorted(Path(parent, name) for parent, _, names in os.walk(folder) for name in names):
        if reason := _sort(path, found):
            reasons[_series_uid(path)].append(reason)
    found.damage = [Damage(uid, len(told), told[0]) for uid, told in reasons.items()]
    return found


def _sort(path: Path, found: SortedFiles) -> str:
    """Add a file to those of its kind; return why it can't be used, empty where it can."""
    try:
        image, kind = _opened(path) if is_dicom(path) else (None, None)
    except (HeaderError, OSError) as error:
        return str(error) if isinstance(error, HeaderError) else reason_of(error)
    if image is not None:
        found.images[image.series_uid].append(image)
    elif kind == RTStructureSetStorage:
        found.structure_sets.append(path)
    else:
        found.others += 1
    return ""


def _opened(path: Path) -> tuple[ImageFile | None, UID]:
    """Return the image in a DICOM file, None for another object, and the object's class.

    Raises:
        HeaderError: The file is cut off or damaged.
    """
    announced = _announced_kind(path)
    if announced in _WITHOUT_SLICES:
        return None, announced
    image = read_image_file(path)
    return image, announced if image is not None else _kind(path)


def _announced_kind(path: Path) -> UID:
    """Return the class of an object by the file's meta elements, which hold no sequence; empty where they don't say."""
    with damage_as_header_error():
        return UID(read_file_meta_info(path).get("MediaStorageSOPClassUID") or "")


def _kind(path: Path) -> UID:
    """Return the class of an object that is no image.

    Raises:
        HeaderError: It has none, or that of an image: its header was cut off.
    """
    with damage_as_header_error():
        elements = dcmread(path, specific_tags=["SOPClassUID"])
        kind = UID(elements.file_meta.get("MediaStorageSOPClassUID") or text_of(elements, "SOPClassUID"))
        if not kind or kind.name.endswith("Image Storage"):
            raise HeaderError("it ends before its image")
        return kind


def _series_uid(path: Path) -> str:
    """Return the identifier of a damaged file's series; empty where it can't be read."""
    try:
        with path.open("rb") as file, damage_as_header_error():
            check_items(file)
            return uid_of(dcmread(file, stop_before_pixels=True, specific_tags=_SERIES), "SeriesInstanceUID")
    except (HeaderError, OSError):
        return ""


_SERIES = ["SeriesInstanceUID"]
