"""Surface distances of two masks as google-deepmind's surface-distance defines them: HD95, HD and surface Dice.

A mask's surface consists of surface elements, "surfels": one at every corner of eight neighbouring voxels of which some
are in the mask and some are not. A surfel's area is that of the triangles which marching cubes draws there, so it
depends on the spacing. Everything outside the array is outside the mask. The distance of one surface from the other is
taken surfel by surfel, each to the nearest of the other surface, and weighted by area.

The areas are the library's own (its table of all 256 neighbourhoods). The library takes distances from a transform of
the box around both masks. The search tree used here gives the same distances and needs memory for the surfels alone.
As in the library, the distance to or from an empty mask is infinite.

Source: https://github.com/google-deepmind/surface-distance; Nikolov et al., Clinically applicable segmentation of head
and neck anatomy for radiotherapy, J Med Internet Res 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import KDTree
from surface_distance import lookup_tables

_ALL_IN_MASK = 255

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """Surfels of a mask.

    Attributes:
        points_mm: Positions, (n, 3), along the array's axes (z, y, x) from one point of its grid.
        areas_mm2: Areas, (n,).
    """

    points_mm: npt.NDArray[np.float64]
    areas_mm2: npt.NDArray[np.float64]


def surface_of(mask: Mask, *, spacing_zyx_mm: tuple[float, float, float]) -> Surface:
    """Return the surface of a mask.

    Args:
        mask: Mask, (z, y, x); an empty one has a surface without surfels.
        spacing_zyx_mm: Distance of voxel centres along each axis of the array.

    >>> surface = surface_of(np.ones((1, 1, 1), bool), spacing_zyx_mm=(1.0, 1.0, 1.0))
    >>> len(surface.areas_mm2)  # one surfel at each corner of the voxel
    8
    """
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if not boxes:
        return Surface(np.empty((0, 3)), np.empty(0))
    padded = np.pad(mask[boxes[0]], 1).view(np.uint8)
    codes = np.zeros([n - 1 for n in padded.shape], np.uint8)
    for offset in np.ndindex(2, 2, 2):
        neighbour = tuple(slice(o, o + n) for o, n in zip(offset, codes.shape, strict=True))
        codes += padded[neighbour] * np.uint8(lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL[offset])
    is_surfel = (codes > 0) & (codes < _ALL_IN_MASK)
    first = [side.start for side in boxes[0]]
    points_mm = (np.argwhere(is_surfel) + first) * np.array(spacing_zyx_mm)
    return Surface(points_mm, _areas_mm2(spacing_zyx_mm)[codes[is_surfel]])


def hd95_mm(one: Surface, other: Surface) -> float:
    """Return the 95 % Hausdorff distance: the larger of the two directed 95th percentiles.

    Args:
        one: Surface of one mask; the result is the same with both exchanged.
        other: Surface of the other mask, on the same grid.

    Returns:
        Distance in mm; infinite where one surface or both are empty.

    >>> mask, moved = np.zeros((1, 1, 8), bool), np.zeros((1, 1, 8), bool)
    >>> mask[..., 1:3] = moved[..., 4:6] = True  # 3 voxels of 2 mm apart
    >>> hd95_mm(*(surface_of(each, spacing_zyx_mm=(1.0, 1.0, 2.0)) for each in (mask, moved)))
    6.0
    >>> hd95_mm(*(surface_of(each, spacing_zyx_mm=(1.0, 1.0, 2.0)) for each in (mask, np.zeros_like(mask))))
    inf
    """
    return max(_percentile_mm(one, other, 95), _percentile_mm(other, one, 95))


def hd_mm(one: Surface, other: Surface) -> float:
    """Return the Hausdorff distance: the largest distance of a surfel of either surface from the other surface.

    Args:
        one: Surface of one mask; the result is the same with both exchanged.
        other: Surface of the other mask, on the same grid.

    Returns:
        Distance in mm; infinite where one surface or both are empty.

    >>> mask, moved = np.zeros((1, 1, 8), bool), np.zeros((1, 1, 8), bool)
    >>> mask[..., 1:3], moved[..., 1:6] = True, True  # 3 voxels of 2 mm longer
    >>> hd_mm(*(surface_of(each, spacing_zyx_mm=(1.0, 1.0, 2.0)) for each in (mask, moved)))
    6.0
    """
    if _is_empty(one, other):
        return float("inf")
    return float(max(_distances_mm(one, other).max(), _distances_mm(other, one).max()))


def surface_dice(one: Surface, other: Surface, *, tolerance_mm: float) -> float:
    """Return the share of both surfaces' area that lies within a tolerance of the other, the NSD at that tolerance.

    Args:
        one: Surface of one mask; the result is the same with both exchanged.
        other: Surface of the other mask, on the same grid.
        tolerance_mm: Distance that still counts as agreement.

    Returns:
        From 0 to 1: 0 where one surface is empty, NaN where both are.

    >>> mask = np.ones((1, 1, 2), bool)
    >>> surface_dice(*[surface_of(mask, spacing_zyx_mm=(1.0, 1.0, 2.0))] * 2, tolerance_mm=0)
    1.0
    """
    area_mm2 = float(one.areas_mm2.sum() + other.areas_mm2.sum())
    if not area_mm2:
        return float("nan")
    if _is_empty(one, other):
        return 0.0
    within = (
        here.areas_mm2[_distances_mm(here, there) <= tolerance_mm].sum() for here, there in ((one, other), (other, one))
    )
    return float(sum(within)) / area_mm2


@lru_cache(maxsize=16)
def _areas_mm2(spacing_zyx_mm: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Return the area of a surfel for each of the 256 neighbourhoods, (256,)."""
    return np.asarray(lookup_tables.create_table_neighbour_code_to_surface_area(spacing_zyx_mm), np.float64)


def _percentile_mm(here: Surface, there: Surface, percent: float) -> float:
    """Return the smallest distance to `there` that holds so many percent of the area of `here`."""
    if _is_empty(here, there):
        return float("inf")
    distances_mm = _distances_mm(here, there)
    order = np.lexsort((here.areas_mm2, distances_mm))  # as the library sorts, so that sums round alike
    areas_mm2 = here.areas_mm2[order]
    within = np.searchsorted(np.cumsum(areas_mm2) / np.sum(areas_mm2), percent / 100)
    return float(distances_mm[order[min(int(within), len(order) - 1)]])


def _is_empty(one: Surface, other: Surface) -> bool:
    return not len(one.areas_mm2) or not len(other.areas_mm2)


def _distances_mm(here: Surface, there: Surface) -> npt.NDArray[np.float64]:
    """Return the distance of each surfel of `here` from the nearest one of `there`, (n,)."""
    return np.asarray(KDTree(there.points_mm).query(here.points_mm)[0], np.float64)
