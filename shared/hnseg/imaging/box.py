"""Boxes: parts of an image along its own axes, or of the patient's space along the world's axes.

`Box` counts voxels of an image, (x, y, z). `Slices` are the same part as NumPy cuts it out of an array, (z, y, x).
`BoxMm` lies in the world (LPS, mm), wherever an image's voxels are. Nothing here interpolates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of

Slices = tuple[slice, slice, slice]
"""Ranges of voxels along the axes of an array, usually (z, y, x); each stops before its last index plus one."""


@dataclass(frozen=True)
class Box:
    """Box of an image's own voxels.

    Attributes:
        index_xyz: First voxel, (x, y, z).
        size_xyz: Number of voxels along each axis, (x, y, z).

    >>> box = Box(index_xyz=(10, 20, 0), size_xyz=(5, 4, 3))
    >>> box.last_xyz
    (14, 23, 2)
    >>> box.slices
    (slice(0, 3, None), slice(20, 24, None), slice(10, 15, None))
    """

    index_xyz: tuple[int, int, int]
    size_xyz: tuple[int, int, int]

    @classmethod
    def of_slices(cls, slices: Slices) -> Box:
        """Return the box that slices (z, y, x) cut out of an array.

        >>> Box.of_slices((slice(0, 3), slice(20, 24), slice(10, 15)))
        Box(index_xyz=(10, 20, 0), size_xyz=(5, 4, 3))
        """
        z, y, x = slices
        return cls((x.start, y.start, z.start), (x.stop - x.start, y.stop - y.start, z.stop - z.start))

    @property
    def last_xyz(self) -> tuple[int, int, int]:
        """Last voxel, itself in the box, (x, y, z)."""
        x, y, z = (first + size - 1 for first, size in zip(self.index_xyz, self.size_xyz, strict=True))
        return (x, y, z)

    @property
    def slices(self) -> Slices:
        """Slices that cut the box out of an array (z, y, x)."""
        x, y, z = (slice(first, first + size) for first, size in zip(self.index_xyz, self.size_xyz, strict=True))
        return (z, y, x)

    def grid_in(self, grid: Grid) -> Grid:
        """Return the grid of the box's voxels in an image on a grid.

        >>> grid = Grid((40, 40, 8), (0.5, 0.5, 2.0), (-10.0, -10.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> Box((10, 20, 0), (5, 4, 3)).grid_in(grid).origin_mm
        (-5.0, 0.0, 0.0)
        """
        x, y, z = grid.points_mm(np.array([self.index_xyz], dtype=np.float64))[0].tolist()
        return replace(grid, size_xyz=self.size_xyz, origin_mm=(x, y, z))

    def of(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the voxels of the box from an image's array (z, y, x), as a view of shape (z, y, x).

        >>> Box((1, 0, 0), (2, 1, 1)).of(np.arange(8).reshape(1, 2, 4)).tolist()
        [[[1, 2]]]
        """
        return array[self.slices]

    def clipped_to(self, grid: Grid) -> Box | None:
        """Return the part of the box that lies in a grid; None where none does.

        >>> grid = Grid((4, 3, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> Box((-1, 0, 1), (3, 2, 5)).clipped_to(grid)
        Box(index_xyz=(0, 0, 1), size_xyz=(2, 2, 1))
        """
        first = np.maximum(self.index_xyz, 0)
        size = np.minimum(np.array(self.last_xyz) + 1, grid.size_xyz) - first
        if (size <= 0).any():
            return None
        return _box_of(first, size)

    def inside(self, grid: Grid) -> Box:
        """Return the part of a box that lies in a grid.

        Raises:
            ValueError: None of it does.

        >>> grid = Grid((4, 3, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> Box((-1, 0, 1), (3, 2, 5)).inside(grid)
        Box(index_xyz=(0, 0, 1), size_xyz=(2, 2, 1))
        """
        inside = self.clipped_to(grid)
        if inside is None:
            raise ValueError(f"a box must overlap the grid of {grid.size_xyz} voxels, but {self} does not")
        return inside

    def seen_from(self, box: Box) -> Box:
        """Return this box in the indices of another one.

        >>> Box((0, 0, 1), (2, 2, 1)).seen_from(Box((-1, 0, 1), (3, 2, 5)))
        Box(index_xyz=(1, 0, 0), size_xyz=(2, 2, 1))
        """
        return _box_of(np.subtract(self.index_xyz, box.index_xyz), np.array(self.size_xyz))


def _box_of(index_xyz: npt.NDArray[np.integer], size_xyz: npt.NDArray[np.integer]) -> Box:
    (x, y, z), (size_x, size_y, size_z) = index_xyz.tolist(), size_xyz.tolist()
    return Box((x, y, z), (size_x, size_y, size_z))


@dataclass(frozen=True)
class BoxMm:
    """Box in the patient's space, along the world's axes (LPS).

    Attributes:
        low_mm: Least (x, y, z).
        high_mm: Greatest (x, y, z).

    >>> box = BoxMm((0.0, 0.0, 0.0), (10.0, 20.0, 40.0))
    >>> box.centre_mm.tolist()
    [5.0, 10.0, 20.0]
    """

    low_mm: tuple[float, float, float]
    high_mm: tuple[float, float, float]

    @classmethod
    def of(cls, mask: npt.NDArray[np.bool_], grid: Grid) -> BoxMm:
        """Return the smallest box around the voxel centres of a mask (z, y, x) on a grid; it must not be empty.

        >>> mask = np.zeros((1, 3, 4), bool)
        >>> mask[0, 1, 1:3] = True
        >>> BoxMm.of(mask, Grid((4, 3, 1), (2.0, 2.0, 5.0), (100.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
        BoxMm(low_mm=(102.0, 2.0, 7.0), high_mm=(104.0, 2.0, 7.0))
        """
        points = grid.points_mm(np.argwhere(mask)[:, ::-1].astype(np.float64))
        return cls.between(points.min(axis=0), points.max(axis=0))

    @classmethod
    def between(cls, low_mm: npt.NDArray[np.float64], high_mm: npt.NDArray[np.float64]) -> BoxMm:
        """Return the box from its least to its greatest point, (3,) each."""
        (x, y, z), (to_x, to_y, to_z) = low_mm.tolist(), high_mm.tolist()
        return cls((x, y, z), (to_x, to_y, to_z))

    @property
    def centre_mm(self) -> npt.NDArray[np.float64]:
        """Middle of the box, (x, y, z), shape (3,)."""
        return np.asarray((np.array(self.low_mm) + np.array(self.high_mm)) / 2, dtype=np.float64)

    def mask_on(self, grid: Grid) -> npt.NDArray[np.bool_]:
        """Return the mask (z, y, x) of those voxels of a grid whose centres lie in the box, its faces included.

        >>> grid = Grid((4, 1, 1), (2.0, 2.0, 5.0), (100.0, 0.0, 7.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
        >>> BoxMm((101.0, -1.0, 0.0), (104.0, 1.0, 9.0)).mask_on(grid).tolist()
        [[[False, True, True, False]]]
        """
        inside = np.zeros(grid.shape_zyx, dtype=bool)
        rows, columns = np.indices(grid.shape_zyx[1:])
        for number, plane in enumerate(inside):
            index = np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, number)], axis=1)
            points = grid.points_mm(index.astype(np.float64))
            plane[:] = ((points >= self.low_mm) & (points <= self.high_mm)).all(axis=1).reshape(plane.shape)
        return inside


def whole(grid: Grid) -> Box:
    """Return the box of all voxels of a grid.

    >>> whole(Grid((4, 3, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    Box(index_xyz=(0, 0, 0), size_xyz=(4, 3, 2))
    """
    return Box((0, 0, 0), grid.size_xyz)


def put_back(part: sitk.Image, grid: Grid) -> sitk.Image:
    """Return a label map or map on a grid, from one on a box of that grid's own lattice of voxels; 0 elsewhere.

    Args:
        part: Image on the box's grid; what lies beyond `grid` is dropped. One on the whole grid comes back as it is.
        grid: Grid that the box was placed on.

    Raises:
        ValueError: The voxels of `part` do not lie where the grid's own lie, or go on, or none lies in it.

    >>> grid = Grid((4, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    >>> part = image_of(np.array([[[5, 6]]], np.uint8), Box((1, 0, 0), (2, 1, 1)).grid_in(grid))
    >>> sitk.GetArrayFromImage(put_back(part, grid)).tolist()
    [[[0, 5, 6, 0]]]
    """
    own = Grid.of(part)
    if own.matches(grid):
        return part
    box = _box_in(own, grid)
    inner = box.clipped_to(grid) if box else None
    if box is None or inner is None:
        raise ValueError(f"a part must lie on the grid's lattice and overlap it, but it has {own.differences(grid)}")
    voxels = sitk.GetArrayViewFromImage(part)
    array = np.zeros(grid.shape_zyx, voxels.dtype)
    inner.of(array)[:] = inner.seen_from(box).of(voxels)
    return image_of(array, grid)


def _box_in(own: Grid, grid: Grid) -> Box | None:
    """Return the box of a grid's lattice that another grid is, inside it or not; None where it is none."""
    x, y, z = np.rint(grid.index_xyz(np.array([own.origin_mm])))[0].astype(int).tolist()
    box = Box((x, y, z), own.size_xyz)
    return box if box.grid_in(grid).matches(own) else None
