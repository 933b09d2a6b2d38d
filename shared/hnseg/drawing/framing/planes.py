"""Three planes of a patient through what is segmented, cropped to a box: axial, coronal and sagittal.

In the radiological view: the patient's right is on the left, the head above, and the front of the sagittal plane left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.drawing.panel import Rectangle
from hnseg.imaging.box import Box


@dataclass(frozen=True)
class Plane:
    """Plane through a volume.

    Attributes:
        title: Name of the plane, with its slice's number.
        where: Index of its part inside the box, for arrays (z, y, x); the result is (row, column).
        spacing_mm: Distance of two columns, and of two rows.
        crop: Rectangle of the crop in it; None where it does not meet the plane.
    """

    title: str
    where: tuple[Any, ...]
    spacing_mm: tuple[float, float]
    crop: Rectangle | None


def planes_through(
    shown: npt.NDArray[np.bool_],
    spacing_mm: tuple[float, float, float],
    box: Box,
    crop: Box | None,
    *,
    z: int,
    across: Box,
) -> tuple[Plane, Plane, Plane]:
    """Return the axial plane of a slice, and the coronal and the sagittal one with most of what is shown.

    Args:
        shown: Mask of what is segmented, (z, y, x); the planes lead through the box's middle where it is empty.
        spacing_mm: Voxel spacing, (x, y, z).
        box: Box to which the planes are cropped.
        crop: Box of the network's crop; None for none.
        z: Index of the axial slice.
        across: Box to whose rows and columns the axial plane is cropped.
    """
    depth, height, width = shown.shape
    x, y = (_fullest(shown, axis, box) for axis in (2, 1))
    (sx, sy, sz), (slices, rows, columns) = spacing_mm, box.slices
    head_above = slice(slices.stop - 1, slices.start - 1 if slices.start else None, -1)
    left, top, high = columns.start, rows.start, slices.stop
    crops: list[Rectangle | None] = [None, None, None]
    if crop is not None:
        (cx, cy, cz), (nx, ny, nz), (last_x, last_y, last_z) = crop.index_xyz, crop.size_xyz, crop.last_xyz
        above = high - 1 - last_z
        crops = [
            (cx - across.index_xyz[0], cy - across.index_xyz[1], nx, ny) if cz <= z <= last_z else None,
            (cx - left, above, nx, nz) if cy <= y <= last_y else None,
            (cy - top, above, ny, nz) if cx <= x <= last_x else None,
        ]
    return (
        Plane(f"axial, slice {z + 1} of {depth}", (z, *across.slices[1:]), (sx, sy), crops[0]),
        Plane(f"coronal, slice {y + 1} of {height}", (head_above, y, columns), (sx, sz), crops[1]),
        Plane(f"sagittal, slice {x + 1} of {width}", (head_above, rows, x), (sy, sz), crops[2]),
    )


def _fullest(shown: npt.NDArray[np.bool_], axis: int, box: Box) -> int:
    """Return the index along an axis (z, y, x) with most voxels; the middle of the box without any."""
    counts = shown.sum(axis=tuple({0, 1, 2} - {axis}))
    span = box.slices[axis]
    return int(np.argmax(counts)) if counts.any() else (span.start + span.stop) // 2
