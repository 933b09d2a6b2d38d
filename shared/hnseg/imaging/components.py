"""Connected pieces of a mask.

Voxels are connected through faces (6-connectivity), through faces and edges (18), or through faces, edges and corners
(26). Pieces are numbered in the order in which their first voxel comes in the array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of, image_of

Connectivity = Literal[6, 18, 26]
_REACH: dict[Connectivity, int] = {6: 1, 18: 2, 26: 3}  # how many axes one step may change


@dataclass(frozen=True)
class Component:
    """One connected piece.

    Attributes:
        first_zyx: Smallest index of the piece along each axis.
        last_zyx: Largest index of the piece along each axis, itself part of it.
        voxels: How many voxels it has.
    """

    first_zyx: tuple[int, int, int]
    last_zyx: tuple[int, int, int]
    voxels: int


def components_of(mask: npt.NDArray[np.bool_], *, connectivity: Connectivity) -> list[Component]:
    """Return the connected pieces of a mask (z, y, x); none for an empty one."""
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
    """Return the pieces of a mask (z, y, x) numbered from 1, and how many voxels have each number from 0 on.

    Number 0 is the background, so that an empty mask has a size all the same: that of the whole array.
    """
    numbered = np.zeros(mask.shape, dtype=np.int32)
    count = ndimage.label(mask, structure=ndimage.generate_binary_structure(3, _REACH[connectivity]), output=numbered)
    return numbered, np.bincount(numbered.ravel(), minlength=int(count) + 1)


def drop_smaller_than(label_map: sitk.Image, *, volume_mm3: Mapping[int, float]) -> sitk.Image:
    """Set to background every connected piece smaller than a volume.

    Pieces touch by faces (6-connectivity) and never across labels.

    Args:
        label_map: uint8, any grid; an empty one comes back unchanged.
        volume_mm3: Smallest volume kept, by label; a label left out, or with 0, keeps all its pieces.

    Returns:
        A new label map on the same grid with the same or fewer labels.

    Raises:
        ValueError: A volume is negative or not finite.
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
