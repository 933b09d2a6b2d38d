"""Mask of all contours of a structure in one plane, whatever its writer took several contours to mean.

A contour inside another one is a hole, one inside the hole an island, and so on; a keyhole needs no such rule. A
contour that is there twice counts once, and contours that cross each other are taken together. A pixel on a contour
belongs to the structure on either side: writers that draw through pixels draw the outermost ones of the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hnseg.dicom.contours.filling import Filled, filled
from hnseg.dicom.contours.outlines import Polygon


class PlaneMask(NamedTuple):
    """Mask of a structure in one plane.

    Attributes:
        mask: The mask, (y, x).
        crossing: Number of contours that cross others and were taken together with them.
    """

    mask: npt.NDArray[np.bool_]
    crossing: int


def mask_of(polygons: Sequence[Polygon], shape_yx: tuple[int, int], *, exclusive: bool = False) -> PlaneMask:
    """Return the mask of the contours of one plane.

    Args:
        polygons: Vertices (x, y) of each contour in indices of pixels, shape (n, 2), finite.
        shape_yx: Shape of the plane.
        exclusive: Whether the writer says that contours are combined by exclusive or, crossing ones too.

    Raises:
        HeaderError: A contour crosses more rows than any outline of pixels.
    """
    found = [each for each in (filled(polygon, shape_yx) for polygon in polygons) if each.inside.size]
    found.sort(key=_count, reverse=True)
    mask = np.zeros(shape_yx, np.bool_)
    known: set[tuple[int, int, tuple[int, ...], bytes]] = set()
    crossing = 0
    for each in found:
        part = mask[each.rows, each.columns]
        whole = each.inside | each.on
        key = (each.rows.start, each.columns.start, whole.shape, np.packbits(whole).tobytes())
        if exclusive:
            part ^= each.inside
        elif key not in known:
            is_uniform = _is_uniform(part[whole])
            crossing += not is_uniform
            part[:] = part ^ each.inside if is_uniform else part | each.inside
            known.add(key)
        part |= each.on
    return PlaneMask(mask, crossing)


def _count(pixels: Filled) -> int:
    return int(pixels.inside.sum() + pixels.on.sum())


def _is_uniform(values: npt.NDArray[np.bool_]) -> bool:
    return bool(values.all() or not values.any())
