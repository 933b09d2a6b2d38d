"""A box of an image's own voxels, cut out and put back without interpolation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of


@dataclass(frozen=True)
class Box:
    """Some of an image's voxels.

    Attributes:
        index_xyz: The first voxel.
        size_xyz: How many along each axis.
    """

    index_xyz: tuple[int, int, int]
    size_xyz: tuple[int, int, int]

    def grid_in(self, grid: Grid) -> Grid:
        """Return the box's own grid."""
        x, y, z = grid.points_mm(np.array([self.index_xyz], dtype=np.float64))[0].tolist()
        return replace(grid, size_xyz=self.size_xyz, origin_mm=(x, y, z))

    def of(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the box of an array (z, y, x), as a view."""
        ranges = (slice(n, n + size) for n, size in zip(self.index_xyz, self.size_xyz, strict=True))
        return array[tuple(ranges)[::-1]]


def whole(grid: Grid) -> Box:
    """Return the box of all voxels."""
    return Box((0, 0, 0), grid.size_xyz)


def put_back(part: sitk.Image, grid: Grid) -> sitk.Image:
    """Return a label map on a grid, from one on a box of that grid's own voxels; background elsewhere.

    Args:
        part: On the box's grid; one on the whole grid comes back as it is.
        grid: What the box was cut out of.

    Raises:
        ValueError: The voxels of `part` are not some of the grid's own.
    """
    own = Grid.of(part)
    if own.matches(grid):
        return part
    first = np.rint(grid.index_xyz(np.array([own.origin_mm])))[0].astype(int)
    box = Box((int(first[0]), int(first[1]), int(first[2])), own.size_xyz)
    is_inside = bool((first >= 0).all()) and bool((first + own.size_xyz <= grid.size_xyz).all())
    if not is_inside or not box.grid_in(grid).matches(own):
        raise ValueError(f"a part must be a box of the grid's voxels, but it has {own.differences(grid)}")
    voxels = sitk.GetArrayViewFromImage(part)
    array = np.zeros(grid.shape_zyx, voxels.dtype)
    box.of(array)[:] = voxels
    return image_of(array, grid)
