"""Connected pieces of a mask.

Voxels are connected through faces (6-connectivity), through faces and edges (18), or through faces, edges and corners
(26). Pieces are numbered in the order in which their first voxel comes in the array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of, image_of

Connectivity = Literal[6, 18, 26]
_REACH: dict[Connectivity, int] = {6: 1, 18: 2, 26: 3}  # number of axes that one step may change
_SPARSE = (
    50  # voxels of the array to one of the mask: above, neighbours are looked up, and not the array walked through
)


@dataclass(frozen=True)
class Component:
    """Connected piece of a mask.

    Attributes:
        first_zyx: Smallest index of the piece along each axis.
        last_zyx: Largest index of the piece along each axis, itself part of it.
        voxels: Number of voxels.
    """

    first_zyx: tuple[int, int, int]
    last_zyx: tuple[int, int, int]
    voxels: int


def components_of(mask: npt.NDArray[np.bool_], *, connectivity: Connectivity) -> list[Component]:
    """Return the connected pieces of a mask (z, y, x); an empty list for an empty one.

    >>> mask = np.zeros((1, 2, 4), bool)
    >>> mask[0, 0, 0] = mask[0, 1, 1] = mask[0, 1, 3] = True  # the first two touch by an edge
    >>> [piece.voxels for piece in components_of(mask, connectivity=6)]
    [1, 1, 1]
    >>> components_of(mask, connectivity=18)[0]
    Component(first_zyx=(0, 0, 0), last_zyx=(0, 1, 1), voxels=2)
    """
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        return []
    whole = found[0]  # masks are small parts of large images: numbering the box around all pieces is enough
    numbered, sizes = number_components(mask[whole], connectivity=connectivity)
    z, y, x = (axis.start for axis in whole)
    return [
        Component(
            first_zyx=(z + box[0].start, y + box[1].start, x + box[2].start),
            last_zyx=(z + box[0].stop - 1, y + box[1].stop - 1, x + box[2].stop - 1),
            voxels=int(size),
        )
        for box, size in zip(ndimage.find_objects(numbered), sizes[1:], strict=True)
    ]


def number_components(
    mask: npt.NDArray[np.bool_], *, connectivity: Connectivity
) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Return the pieces of a mask numbered from 1, and the sizes of the pieces.

    Args:
        mask: Voxels of the pieces, (z, y, x).
        connectivity: Voxels that count as neighbours: through faces (6), also edges (18), also corners (26).

    Returns:
        Number of the piece in each voxel, (z, y, x), 0 for background; and the number of voxels of each, shape
        (pieces + 1,), the background's first, so that an empty mask gives the size of the whole array alone.

    >>> numbered, sizes = number_components(np.array([[[True, True, False, True]]]), connectivity=6)
    >>> numbered.tolist(), sizes.tolist()
    ([[[1, 1, 0, 2]]], [1, 2, 1])
    """
    numbered = np.zeros(mask.shape, dtype=np.int32)
    count = ndimage.label(mask, structure=ndimage.generate_binary_structure(3, _REACH[connectivity]), output=numbered)
    sizes = np.zeros(int(count) + 1, np.intp)
    for plane in numbered:  # counting all at once would copy them to twice the size
        sizes += np.bincount(plane.ravel(), minlength=len(sizes))
    return numbered, sizes


def component_sizes(mask: npt.NDArray[np.bool_], *, connectivity: Connectivity) -> npt.NDArray[Any]:
    """Return the number of voxels of each connected piece of a mask (z, y, x), shape (pieces,), in the pieces' order.

    A few voxels scattered over a large image are looked up one by one: of 31 labels at 512 x 512 x 200, with 170 such
    voxels each, that takes 3 s in place of 23.

    >>> component_sizes(np.array([[[True, True, False, True]]]), connectivity=6).tolist()
    [2, 1]
    """
    if np.count_nonzero(mask) * _SPARSE > mask.size:
        return number_components(mask, connectivity=connectivity)[1][1:]
    from scipy.sparse import coo_array  # here, since a container that starts has no need of them
    from scipy.sparse.csgraph import connected_components

    z, y, x = np.unravel_index(np.flatnonzero(mask), mask.shape)
    rows, columns = mask.shape[1] + 1, mask.shape[2] + 1  # one more, so that no step leads around an edge
    index = (z * rows + y) * columns + x
    found = []
    for dz, dy, dx in product((-1, 0, 1), repeat=3):
        if (dz, dy, dx) > (0, 0, 0) and abs(dz) + abs(dy) + abs(dx) <= _REACH[connectivity]:
            neighbour = index + (dz * rows + dy) * columns + dx
            place = np.minimum(np.searchsorted(index, neighbour), max(0, len(index) - 1))
            own = np.flatnonzero(index[place] == neighbour)
            found.append((own, place[own]))
    first, second = (np.concatenate(ends) for ends in zip(*found, strict=True))
    touching = coo_array((np.ones(len(first), np.bool_), (first, second)), shape=(len(index), len(index)))
    numbers = connected_components(touching, directed=False)[1]
    return np.asarray(np.bincount(numbers))


def smaller_components(mask: npt.NDArray[np.bool_], *, connectivity: Connectivity) -> npt.NDArray[np.bool_]:
    """Return the voxels of a mask (z, y, x) that are not in its largest piece, nor in one as large; a new mask.

    >>> smaller_components(np.array([[[True, True, False, True]]]), connectivity=26).tolist()
    [[[False, False, False, True]]]
    """
    numbered, sizes = number_components(mask, connectivity=connectivity)
    is_smaller = sizes < sizes[1:].max(initial=0)
    is_smaller[0] = False
    smaller = np.zeros_like(mask)
    for plane, numbers in zip(smaller, numbered, strict=True):  # a plane's numbers become indices of twice the size
        plane[...] = is_smaller[numbers]
    return smaller


def drop_smaller_than(label_map: sitk.Image, *, volume_mm3: Mapping[int, float]) -> sitk.Image:
    """Set to background every connected piece smaller than a volume.

    Pieces touch by faces (6-connectivity) and never across labels.

    Args:
        label_map: Label map, uint8, on any grid; an empty one comes back unchanged.
        volume_mm3: Smallest volume kept, by label; a label left out, or with 0, keeps all its pieces.

    Returns:
        A new label map on the same grid with the same or fewer labels.

    Raises:
        ValueError: A volume is negative or not finite.

    >>> two_and_one = sitk.GetImageFromArray(np.array([[[1, 1, 0, 1]]], np.uint8))  # voxels of 1 mm3
    >>> sitk.GetArrayFromImage(drop_smaller_than(two_and_one, volume_mm3={1: 2.0})).tolist()
    [[[1, 1, 0, 0]]]
    """
    for label, smallest in volume_mm3.items():
        if not isfinite(smallest) or smallest < 0:
            raise ValueError(f"the smallest volume of label {label} must be 0 mm3 or more, found {smallest}")
    grid = Grid.of(label_map)
    array = array_of(label_map)
    for label, smallest in volume_mm3.items():
        numbered, sizes = number_components(array == label, connectivity=6)
        too_small = sizes * grid.voxel_volume_mm3 < smallest
        too_small[0] = False
        array[too_small[numbered]] = 0
    return image_of(array, grid)
