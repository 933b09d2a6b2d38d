"""Series of parallel images as one volume: its slices in the order of their places, and the grid of its voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hnseg.dicom.series.image_file import ImageFile, Plane, Vector
from hnseg.errors import InputError
from hnseg.imaging.geometry import CLOSE_GRID_SHARE, Grid

_SAME_DIRECTION = 1e-3  # of direction cosines, which writers round
_DUPLICATE_SHARE = 0.01  # of the usual distance between slices


@dataclass(frozen=True)
class Slice:
    """Slice of a series.

    Attributes:
        path: Its file.
        sop_class_uid: Kind of image.
        sop_instance_uid: Identifier of the image.
        position_mm: Centre of its first pixel, LPS, as the file has it.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    position_mm: Vector


@dataclass(frozen=True)
class Series:
    """Series of images that fill a volume.

    Attributes:
        study_uid: Identifier of the study.
        uid: Identifier of the series.
        frame_of_reference_uid: Identifier of the coordinates.
        modality: Such as CT.
        grid: Voxels of the series: x along a row, y along a column, z from slice to slice along their cross product.
        slices: Slices by z.
    """

    study_uid: str
    uid: str
    frame_of_reference_uid: str
    modality: str
    grid: Grid
    slices: tuple[Slice, ...]


def series_of(images: Sequence[ImageFile], folder: Path) -> Series:
    """Return the images of one series as a volume.

    Args:
        images: All images of the series, in any order, at least one.
        folder: Folder that they lie in, for error sentences.

    Raises:
        InputError: The images are not the parallel slices of one volume: one is missing, there twice, displaced, of
            another size, spacing or orientation; the gantry was tilted; or a header lacks what a volume needs.
    """
    planes = [_plane(image, folder) for image in images]
    _check_alike(images, planes, folder)
    rows, columns = np.array(planes[0].along_row), np.array(planes[0].along_column)
    normal = np.cross(rows, columns)
    normal /= np.linalg.norm(normal)
    positions = np.array([plane.position_mm for plane in planes])
    places = positions @ normal
    order = np.argsort(places, kind="stable")
    spacing_mm = _spacing_mm(places[order], folder)
    _check_tilt(positions[order], normal, min(planes[0].spacing_mm), folder)
    x, y = planes[0].spacing_mm
    direction = np.stack([rows, columns, normal], axis=1).ravel().tolist()
    first = planes[order[0]]
    return Series(
        study_uid=images[0].study_uid,
        uid=images[0].series_uid,
        frame_of_reference_uid=images[0].frame_of_reference_uid,
        modality=images[0].modality,
        grid=Grid((*first.size, len(images)), (x, y, spacing_mm), first.position_mm, tuple(direction)),
        slices=tuple(_slice(images[number], planes[number]) for number in order.tolist()),
    )


def _slice(image: ImageFile, plane: Plane) -> Slice:
    return Slice(image.path, image.sop_class_uid, image.sop_instance_uid, plane.position_mm)


def _plane(image: ImageFile, folder: Path) -> Plane:
    if image.frames > 1:
        raise InputError(
            f"The series must have one file for each slice, but a file of {folder} holds {image.frames} frames."
            " Can it be exported as single-frame images?"
        )
    if image.plane is None:
        raise InputError(
            f"Each image of the series must have a place in the patient, but of image {image.instance_number or '?'}"
            f" in {folder} {image.problem or 'nothing says where it lies'}. Is it a screenshot, or damaged?"
        )
    return image.plane


def _check_alike(images: Sequence[ImageFile], planes: Sequence[Plane], folder: Path) -> None:
    """Refuse images that are not of one volume: of another size, spacing, orientation or frame of reference."""
    if not images[0].frame_of_reference_uid:
        raise InputError(
            f"The series must have a frame of reference, to which contours refer, but that in {folder} has none."
            " Was it anonymised by removing identifiers instead of replacing them?"
        )
    first, others = planes[0], planes[1:]
    one = np.array([*first.along_row, *first.along_column])
    turned = [np.abs(np.array([*plane.along_row, *plane.along_column]) - one).max() for plane in others]
    differences = {
        "frames of reference": len({image.frame_of_reference_uid for image in images}) > 1,
        "orientations": max(turned, default=0.0) > _SAME_DIRECTION,
        "sizes": any(plane.size != first.size for plane in others),
        "pixel spacings": any(not np.allclose(plane.spacing_mm, first.spacing_mm, rtol=1e-4) for plane in others),
    }
    if found := [name for name, differs in differences.items() if differs]:
        raise InputError(
            f"The images of a series must fill one volume, but the {len(images)} in {folder} have several"
            f" {' and '.join(found)}. Are localisers or another acquisition among them?"
        )


def _spacing_mm(places_mm: npt.NDArray[np.float64], folder: Path) -> float:
    """Return the distance between slices at ascending places, which must all be the same."""
    if len(places_mm) < 2:
        raise InputError(
            f"The series must have at least two slices, but there is one in {folder}. Are the others in another folder?"
        )
    distances = np.diff(places_mm)
    usual = float(np.median(distances))
    if (twice := int((distances <= _DUPLICATE_SHARE * max(usual, 1e-3)).sum())) > 0:
        raise InputError(
            f"The series must have one image for each place, but {twice} of the {len(places_mm)} in {folder} lie where"
            " another one does. Is the export there twice, or are there several acquisitions or phases in one series?"
        )
    spacing_mm = float(places_mm[-1] - places_mm[0]) / (len(places_mm) - 1)
    even = places_mm[0] + spacing_mm * np.arange(len(places_mm))
    if np.abs(places_mm - even).max() <= CLOSE_GRID_SHARE * spacing_mm:
        return spacing_mm
    multiples = np.round(distances / usual)
    if np.abs(distances - multiples * usual).max() <= CLOSE_GRID_SHARE * usual:
        after_mm = float(places_mm[int(np.argmax(multiples > 1))])
        raise InputError(
            f"The series must be whole, but of the {len(places_mm)} slices in {folder}, {usual:g} mm apart,"
            f" {int(multiples.sum()) - len(distances)} are missing, the first after that at {after_mm:g} mm."
            " Was the export cut short?"
        )
    raise InputError(
        f"The slices of a series must have one distance, but those in {folder} are {distances.min():g} to"
        f" {distances.max():g} mm apart. Can the series be reconstructed evenly?"
    )


def _check_tilt(
    positions_mm: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], pixel_mm: float, folder: Path
) -> None:
    """Refuse slices that do not lie straight above each other."""
    steps = positions_mm - positions_mm[0]
    aside = steps - np.outer(steps @ normal, normal)
    if np.linalg.norm(aside, axis=1).max() <= CLOSE_GRID_SHARE * pixel_mm:
        return
    whole = aside[-1]
    degrees = float(np.degrees(np.arctan2(np.linalg.norm(whole), abs(steps[-1] @ normal))))
    raise InputError(
        f"The slices of a series must lie straight above each other, but those in {folder} are displaced by up to"
        f" {np.linalg.norm(aside, axis=1).max():.3g} mm, {degrees:.1f} degrees in all. Was the gantry tilted?"
    )
