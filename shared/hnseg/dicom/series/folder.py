"""Series in a folder of DICOM files, of any depth and with any names; files that are no DICOM images are left alone.

A file's name below the folder can name a patient, so sentences count files by name instead.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hnseg.dicom.elements import is_dicom
from hnseg.dicom.series.image_file import ImageFile, read_image_file
from hnseg.dicom.series.series import Series, series_of
from hnseg.dicom.series.stacks import stacks_of
from hnseg.errors import HeaderError, InputError

logger = logging.getLogger(__name__)


def read_series(folder: Path, *, number: int | None = None, uids: Collection[str] = ()) -> Series:
    """Read the geometry of the one series in a folder that is meant.

    Args:
        folder: Folder with the series' files, and perhaps others.
        number: Number of the series; None where there is one volume, or `uids` say which.
        uids: Identifiers of series, such as those that a structure set refers to; those in the folder are preferred.

    Raises:
        InputError: There is none, several may be meant, or the one that is meant is not the slices of one volume.
    """
    groups = _images_by_series(folder)
    meant = _meant(groups, number, uids)
    if len(meant) == 1:
        (uid,) = meant
        _log_choice(uid, groups)
        return _volume(meant[uid], folder)
    if meant or number is not None:
        raise InputError(
            f"One series of {folder} must be meant, but {_how_many(len(meant), number)}: {_listed(groups)}."
            " Name it by --series-number, or give the folder of that series alone."
        )
    raise InputError(
        f"The folder {folder} must hold a series of slices, but there is none:"
        f" {_listed(groups) or 'no file there is a DICOM image'}. Is the path right?"
    )


def _volume(images: Sequence[ImageFile], folder: Path) -> Series:
    """Return the volume that images fill, where they are one once copies and single others are left out."""
    try:
        first, *others = stacks_of(images)
    except (HeaderError, OSError):
        return series_of(images, folder)  # which has the sentence
    if others:
        return series_of(images, folder)
    for note in first.notes:
        logger.info("series: %s", note)
    return series_of(first.images, folder)


def _meant(
    groups: Mapping[str, list[ImageFile]], number: int | None, uids: Collection[str]
) -> dict[str, list[ImageFile]]:
    """Return the series that may be meant: those of a number, or all volumes."""
    chosen = {uid: images for uid, images in groups.items() if uid in uids} or groups
    if number is not None:
        return {uid: images for uid, images in chosen.items() if images[0].series_number == str(number)}
    return {uid: images for uid, images in chosen.items() if not _reason_against(images)}


def _how_many(count: int, number: int | None) -> str:
    if number is None:
        return f"{count} of those there may be"
    return (
        f"{count} of those there have the number {number}" if count else f"none of those there has the number {number}"
    )


def _images_by_series(folder: Path) -> dict[str, list[ImageFile]]:
    """Return the images in a folder by the identifiers of their series."""
    if not folder.is_dir():
        raise InputError(f"The series must be a folder of DICOM files, but {folder} is none. Is the path right?")
    paths = sorted(Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    groups: dict[str, list[ImageFile]] = {}
    for place, path in enumerate(paths, start=1):
        try:
            image = read_image_file(path) if is_dicom(path) else None
        except (HeaderError, OSError) as error:
            reason = str(error) if isinstance(error, HeaderError) else error.strerror
            raise InputError(
                f"The DICOM files in {folder} must be whole, but file {place} of {len(paths)} by name can't be used:"
                f" {reason}. Was the export cut short?"
            ) from error
        if image is not None:
            groups.setdefault(image.series_uid, []).append(image)
    return groups


def _reason_against(images: Sequence[ImageFile]) -> str:
    """Return why a series is not taken for a volume, unless it is asked for; empty where it is."""
    if all(image.is_localiser for image in images):
        return "a localiser"
    if all(image.plane is None and not image.problem for image in images):
        return "without places in the patient"
    if all(image.frames > 1 for image in images):
        return "in multi-frame files"
    return "" if len(images) > 1 else "a single slice"


def _listed(groups: Mapping[str, Sequence[ImageFile]]) -> str:
    return ", ".join(map(_in_words, groups.values()))


def _in_words(images: Sequence[ImageFile]) -> str:
    reason = _reason_against(images)
    kind = f"{images[0].modality or 'unknown modality'}, {len(images)} image{'s' * (len(images) > 1)}"
    return f"number {images[0].series_number or '?'} ({kind}{', ' * bool(reason)}{reason})"


def _log_choice(uid: str, groups: Mapping[str, Sequence[ImageFile]]) -> None:
    left_out = [images for other, images in groups.items() if other != uid]
    if left_out:
        logger.info("series: %s; left out: %s", _in_words(groups[uid]), ", ".join(map(_in_words, left_out)))
