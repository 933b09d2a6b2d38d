"""How far apart the surfaces of two masks lie, as google-deepmind's surface-distance defines it.

A mask's surface consists of surface elements, "surfels": one at every corner that eight neighbouring voxels share and
where some of them are in the mask and some are not. A surfel's area is that of the triangles which marching cubes
draws there, so it depends on the spacing. What lies outside the array is outside the mask. The distance of one surface
from the other is taken surfel by surfel, each to the nearest of the other surface, and weighted by area.

The areas are the library's own (its table of all 256 neighbourhoods). Its distances come from a transform of the box
around both masks, and are the same as those of the search tree here, which takes memory for the surfels alone; its
answers for empty masks, infinity, are kept too.
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
    """The surfels of a mask.

    Attributes:
        points_mm: Where they lie, (n, 3), measured along the array's axes (z, y, x) from one point of its grid.
        areas_mm2: How large each is, (n,).
    """

    points_mm: npt.NDArray[np.float64]
    areas_mm2: npt.NDArray[np.float64]


def surface_of(mask: Mask, *, spacing_zyx_mm: tuple[float, float, float]) -> Surface:
    """Return the surface of a mask (z, y, x); one without any surfel where the mask is empty."""
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
    """Return the larger of the two directed 95th percentiles; infinite where one surface or both are empty.

    Args:
        one: Of either mask; the result is the same with both exchanged.
        other: On the same grid.
    """
    return max(_percentile_mm(one, other, 95), _percentile_mm(other, one, 95))


@lru_cache(maxsize=16)
def _areas_mm2(spacing_zyx_mm: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Return the surfel's area for each of the 256 neighbourhoods."""
    return np.asarray(lookup_tables.create_table_neighbour_code_to_surface_area(spacing_zyx_mm), np.float64)


def _percentile_mm(here: Surface, there: Surface, percent: float) -> float:
    """Return the smallest distance to `there` within which so many percent of the area of `here` lie."""
    if not len(here.areas_mm2) or not len(there.areas_mm2):
        return float("inf")
    distances_mm = np.asarray(KDTree(there.points_mm).query(here.points_mm)[0])
    order = np.lexsort((here.areas_mm2, distances_mm))  # as the library sorts, so that sums round alike
    areas_mm2 = here.areas_mm2[order]
    within = np.searchsorted(np.cumsum(areas_mm2) / np.sum(areas_mm2), percent / 100)
    return float(distances_mm[order[min(int(within), len(order) - 1)]])
