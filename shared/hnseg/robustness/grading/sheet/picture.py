"""Picture of a case to grade: outlines of its segmentation over each image, in three planes for each structure.

The planes go through the middle of the structure's fullest axial slice, so that it is cut where most of it is seen.
Nothing on the picture names the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from PIL import Image

from hnseg.drawing.colours import colours_of
from hnseg.drawing.overlay import SIDE, as_png, composed, window_of
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.turn import Turn

PLANES = ("axial", "coronal", "sagittal")
"""Planes, from left to right."""

_MARGIN_MM = 40.0  # around the structure, in which its neighbourhood is judged

Voxels = npt.NDArray[Any]
Box = tuple[slice, slice, slice]


def draw_sheet_picture(images: Sequence[sitk.Image], label_map: sitk.Image, labels: Mapping[int, str]) -> bytes:
    """Draw a case: a row for each structure and image.

    Args:
        images: Intensities, 3-D, on the label map's grid.
        label_map: Segmentation.
        labels: Values to draw, with their names; a structure that was not segmented gets the middle of the image.

    Returns:
        The picture as a PNG, in the radiological view.
    """
    turn = Turn.of(label_map)
    found, spacing_mm = turn.view_of(label_map).astype(np.uint8), turn.spacing_of(label_map)
    colours = colours_of(labels)
    panels: list[tuple[str, Image.Image]] = []
    for label, name in labels.items():
        centre, box = _place_of(found == label, spacing_mm)
        words = name if (found == label).any() else f"{name} not segmented"
        for image in images:
            scan, window = turn.view_of(image), window_of(image)
            for plane, cut in zip(PLANES, _cuts(scan, found, spacing_mm, centre, box), strict=True):
                panels.append((f"{words}, {plane}", draw_panel(cut, window, colours, side=SIDE)))
    return as_png(composed(panels, len(PLANES)))


def _place_of(mask: npt.NDArray[np.bool_], spacing_mm: Sequence[float]) -> tuple[tuple[int, ...], Box]:
    """Return the voxel (z, y, x) that the planes go through, and the box that is shown."""
    if not mask.any():
        middle = tuple(size // 2 for size in mask.shape)
        return middle, (slice(None), slice(None), slice(None))
    z = int(mask.sum(axis=(1, 2)).argmax())
    rows, columns = np.nonzero(mask[z])
    nearest = int(np.hypot(rows - rows.mean(), columns - columns.mean()).argmin())
    spans = []
    for axis, step_mm in zip((0, 1, 2), reversed(spacing_mm), strict=True):
        inside = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        margin = round(_MARGIN_MM / step_mm)
        spans.append(slice(max(0, int(inside[0]) - margin), int(inside[-1]) + margin + 1))
    return (z, int(rows[nearest]), int(columns[nearest])), (spans[0], spans[1], spans[2])


def _cuts(
    scan: Voxels, found: Voxels, spacing_mm: tuple[float, float, float], centre: tuple[int, ...], box: Box
) -> list[Cut]:
    """Return the axial, the coronal and the sagittal cut, the head above in the latter two."""
    x_mm, y_mm, z_mm = spacing_mm
    z, y, x = centre
    deep, down, across = box
    return [
        Cut(scan[z, down, across], found[z, down, across], None, (x_mm, y_mm)),
        Cut(scan[deep, y, across][::-1], found[deep, y, across][::-1], None, (x_mm, z_mm)),
        Cut(scan[deep, down, x][::-1], found[deep, down, x][::-1], None, (y_mm, z_mm)),
    ]
