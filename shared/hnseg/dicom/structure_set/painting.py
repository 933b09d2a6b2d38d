"""Label map of the structures of a structure set, on the grid of a series."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hnseg.dicom.contours.combination import mask_of
from hnseg.dicom.contours.outlines import Polygon
from hnseg.dicom.series.series import Series
from hnseg.dicom.structure_set.structures import CLOSED, EXCLUSIVE, Structure
from hnseg.errors import HeaderError, InputError, MemoryShortError
from hnseg.imaging.geometry import LabelArray
from hnseg.machine import GIB, limit_gib
from hnseg.printable import printable

logger = logging.getLogger(__name__)

MaskArray = npt.NDArray[np.bool_]
_OFF_PLANE = 0.25  # of the distance between slices


@dataclass(frozen=True)
class Painted:
    """Label map of structures.

    Attributes:
        label_map: Labels, (z, y, x), on the series' grid.
        voxels: Number of voxels by label.
    """

    label_map: LabelArray
    voxels: Mapping[int, int]


def paint(
    structures: Mapping[int, Structure], series: Series, path: Path | str, *, later_wins: bool = False
) -> Painted:
    """Paint structures into a label map.

    A voxel belongs to a structure where its centre lies inside a contour or on it.

    Args:
        structures: Structures by label, 1 to 255.
        series: Series on which they were drawn.
        path: File of the structure set, or what it is called, for error sentences.
        later_wins: Whether a voxel of two structures gets the higher label; else such structures are refused.

    Raises:
        InputError: A structure is not drawn, has another frame of reference than the series, lies off its slices or
            outside it, or shares a voxel with another one.
    """
    _check_size(series)
    label_map: LabelArray = np.zeros(series.grid.shape_zyx, np.uint8)
    for label, structure in sorted(structures.items()):
        title = f"structure {structure.number} ({printable(structure.name, longest=64)}) of {path}"
        _check(structure, series, title)
        shared = np.zeros(256, np.int64)
        for z, mask in _masks(structure, series, title):
            shared += np.bincount(label_map[z][mask], minlength=256)
            label_map[z][mask] = label
        if shared[1:].any() and not later_wins:
            with_voxels = [other for other in structures if shared[other]]
            others = ", ".join(f"{printable(structures[other].name)} ({shared[other]})" for other in with_voxels)
            raise InputError(
                f"Structures of a label map must not share voxels, but {title} shares some with {others}."
                " Ask for one of them by --names, or give voxels to the higher label by --overlap later."
            )
    counts = np.bincount(label_map.ravel(), minlength=256)
    return Painted(label_map, {label: int(counts[label]) for label in sorted(structures)})


def _check_size(series: Series) -> None:
    """Refuse a label map that does not fit into memory."""
    needed_gib = float(np.prod([float(count) for count in series.grid.size_xyz])) / GIB
    if needed_gib > limit_gib():
        raise MemoryShortError(
            f"The label map must fit into memory, but that of the series with size {series.grid.size_xyz} needs"
            f" {needed_gib:.1f} GiB and there are {limit_gib():.1f}. Is the header corrupt?"
        )


def _check(structure: Structure, series: Series, title: str) -> None:
    if not structure.is_drawn:
        raise InputError(
            f"Each structure must have contours that enclose something, but {title} has none."
            " Is it a point, or named and never drawn? Leave it out by --names."
        )
    if structure.frame_of_reference_uid not in ("", series.frame_of_reference_uid):
        raise InputError(
            f"Structures must be drawn in the coordinates of the series, but the frame of reference of {title} is"
            " another one. Was it drawn on another scan?"
        )


def _masks(structure: Structure, series: Series, title: str) -> Iterator[tuple[int, MaskArray]]:
    """Yield slice and mask of each plane of a structure."""
    polygons: dict[int, list[Polygon]] = defaultdict(list)
    exclusive: set[int] = set()
    for contour in structure.contours:
        if contour.geometric_type in CLOSED and len(contour.points_mm):
            z, polygon = _in_plane(contour.points_mm, series, title)
            polygons[z].append(polygon)
            exclusive |= {z} if contour.geometric_type == EXCLUSIVE else set()
    crossing = 0
    for z in sorted(polygons):
        try:
            found = mask_of(polygons[z], series.grid.shape_zyx[1:], exclusive=z in exclusive)
        except HeaderError as error:
            raise InputError(f"Contours must be outlines of a structure, but of {title} {error}.") from error
        crossing += found.crossing
        yield z, found.mask
    if crossing:
        logger.warning("%s: %d contours cross others of their plane and were taken together", title, crossing)


def _in_plane(points_mm: Polygon, series: Series, title: str) -> tuple[int, Polygon]:
    """Return the slice of a contour, and its vertices (x, y) in indices of pixels."""
    index_xyz = series.grid.index_xyz(points_mm)
    z = round(float(np.median(index_xyz[:, 2])))
    if np.abs(index_xyz[:, 2] - z).max() > _OFF_PLANE:
        raise InputError(
            f"Contours must lie on the slices of the series, but one of {title} lies"
            f" {np.abs(index_xyz[:, 2] - z).max() * series.grid.spacing_mm[2]:.2g} mm off."
            " Was it drawn on another series, or in another orientation?"
        )
    if not 0 <= z < series.grid.size_xyz[2]:
        raise InputError(
            f"Contours must lie on the slices of the series, but one of {title} lies beyond them, where slice"
            f" {z} of {series.grid.size_xyz[2]} would be. Is this a part of the series?"
        )
    return z, index_xyz[:, :2]
