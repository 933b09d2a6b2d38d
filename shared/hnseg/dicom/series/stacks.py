"""Stacks of a series: its images as sets of parallel slices, since writers put several volumes into one series.

A copy of an image is left out, and so are single images of another geometry, such as a localiser, beside a volume.
Where several images lie at one place, the acquisition that their headers tell them apart by makes a stack of each.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import dcmread

from hnseg.dicom.elements import damage_as_header_error, text_of
from hnseg.dicom.series.image_file import ImageFile, Plane

_SAME_DIRECTION = 1e-3
_SAME_PLACE_MM = 0.01
_FEW = 3  # images of another geometry that are no volume of their own beside a larger one
_LEFT_OUT = "{count} image{s} of another size, orientation or frame of reference left out"
_COPIES = "{count} image{s} left out that {are} there twice, the same pixel by pixel"
_ACQUISITION = "one of {count} acquisitions in this series, told apart by {keyword}"


@dataclass(frozen=True)
class Stack:
    """Images of a series that may fill a volume.

    Attributes:
        images: Its images, in any order.
        notes: What was left out or told apart, as parts of sentences.
    """

    images: tuple[ImageFile, ...]
    notes: tuple[str, ...] = ()


def stacks_of(images: Sequence[ImageFile]) -> list[Stack]:
    """Return the images of one series by geometry and acquisition, the largest stack first.

    Args:
        images: All images of the series, at least one.

    Returns:
        At least one stack. Images that contradict each other at one place, and nothing tells apart, stay together; one
        with something wrong in its header is in the first stack, which is no volume then.

    Raises:
        HeaderError: An image can't be read for comparison.
        OSError: In the same way.
    """
    wrong = tuple(image for image in images if image.problem)
    right = [image for image in images if not image.problem]
    if not right:
        return [Stack(wrong)]
    large, few = _large_and_few(_by_geometry(right))
    first, *others = [stack for group in large for stack in _told_apart(group)]
    note = (_LEFT_OUT.format(count=few, s="s" * (few > 1)),) if few else ()
    return [Stack((*first.images, *wrong), (*note, *first.notes)), *others]


def _large_and_few(groups: list[list[ImageFile]]) -> tuple[list[list[ImageFile]], int]:
    """Return the groups that may be volumes, largest first, and the number of images in the others."""
    ordered = sorted(groups, key=len, reverse=True)
    large = [group for group in ordered if len(group) > _FEW] or ordered
    return large, sum(map(len, groups)) - sum(map(len, large))


def _by_geometry(images: Iterable[ImageFile]) -> list[list[ImageFile]]:
    groups: list[list[ImageFile]] = []
    for image in images:
        group = next((group for group in groups if _is_alike(group[0], image)), None)
        if group is None:
            groups.append([image])
        else:
            group.append(image)
    return groups


def _is_alike(one: ImageFile, other: ImageFile) -> bool:
    """Return whether two images may be slices of one volume; those without a plane are, among themselves."""
    if (one.frame_of_reference_uid, one.is_localiser) != (other.frame_of_reference_uid, other.is_localiser):
        return False
    if one.plane is None or other.plane is None:
        return one.plane is other.plane
    return one.plane.size == other.plane.size and _is_parallel(one.plane, other.plane)


def _is_parallel(one: Plane, other: Plane) -> bool:
    axes = np.array([[*plane.along_row, *plane.along_column] for plane in (one, other)])
    return bool(
        np.abs(axes[0] - axes[1]).max() <= _SAME_DIRECTION and np.allclose(one.spacing_mm, other.spacing_mm, rtol=1e-4)
    )


def _told_apart(images: Sequence[ImageFile]) -> list[Stack]:
    """Return the acquisitions among parallel images, without copies."""
    if _is_single(images):
        return [Stack(tuple(images))]
    kept = _without_copies(images)
    copies = len(images) - len(kept)
    note = (_COPIES.format(count=copies, s="s" * (copies > 1), are="are" if copies > 1 else "is"),) if copies else ()
    if _is_single(kept):
        return [Stack(tuple(kept), note)]
    for keyword in kept[0].acquisition:
        parts = _parts(kept, keyword)
        if len(parts) > 1 and all(_is_single(part) for part in parts):
            told = _ACQUISITION.format(count=len(parts), keyword=keyword)
            return [Stack(tuple(part), (*note, told)) for part in parts]
    return [Stack(tuple(kept), note)]


def _is_single(images: Sequence[ImageFile]) -> bool:
    """Return whether no two images lie at one place."""
    return len(_places(images)) == len(images)


def _parts(images: Sequence[ImageFile], keyword: str) -> list[list[ImageFile]]:
    """Return images by the value of an element that tells acquisitions apart, in the order of the values."""
    parts: dict[str, list[ImageFile]] = defaultdict(list)
    for image in images:
        parts[image.acquisition[keyword]].append(image)
    return [parts[value] for value in sorted(parts, key=_numeric)]


def _numeric(value: str) -> tuple[float, str]:
    """Return what sorts texts of numbers as numbers, others after them."""
    try:
        return float(value), value
    except ValueError:
        return float("inf"), value


def _places(images: Sequence[ImageFile]) -> dict[int, list[ImageFile]]:
    """Return images by their place along the normal of the first, those within 0.01 mm together."""
    if any(image.plane is None for image in images):
        return dict(enumerate([image] for image in images))
    ordered = sorted(_along_normal(images), key=lambda pair: pair[0])
    places: dict[int, list[ImageFile]] = {}
    before_mm = -np.inf
    for place_mm, image in ordered:
        if place_mm - before_mm > _SAME_PLACE_MM:
            places[len(places)] = []
        places[len(places) - 1].append(image)
        before_mm = place_mm
    return places


def _along_normal(images: Sequence[ImageFile]) -> Iterator[tuple[float, ImageFile]]:
    normal = None
    for image in images:
        if image.plane is not None:
            if normal is None:
                normal = np.cross(image.plane.along_row, image.plane.along_column)
            yield float(np.dot(image.plane.position_mm, normal)), image


def _without_copies(images: Sequence[ImageFile]) -> list[ImageFile]:
    """Return images without those that lie where another one does and have the same pixels."""
    kept: list[ImageFile] = []
    for group in _places(images).values():
        if len(group) == 1:
            kept += group
            continue
        seen: dict[str, ImageFile] = {}
        for image in group:
            seen.setdefault(_digest(image), image)
        kept += seen.values()
    return kept


def _digest(image: ImageFile) -> str:
    """Return a checksum of an image's pixels and of what they mean."""
    with damage_as_header_error():
        elements = dcmread(image.path)
        meaning = [str(elements.get(keyword)) for keyword in ("RescaleSlope", "RescaleIntercept", "BitsAllocated")]
        syntax = str(elements.file_meta.get("TransferSyntaxUID", ""))
        words = "|".join([*meaning, syntax, text_of(elements, "PhotometricInterpretation")])
        return hashlib.sha256(words.encode() + bytes(elements.get("PixelData") or b"")).hexdigest()
