"""A body on a grid: from voxel centres to the anatomy's own coordinates, and shapes to voxels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.deformation import SmoothField
from hnseg.phantom.shapes import Point
from hnseg.phantom.structure import Structure
from hnseg.phantom.tissues import Tissue

Slices = tuple[slice, slice, slice]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """How a body lies in the scanner: anatomy = rotation @ (world - centre_mm) * size, before it is bent.

    Attributes:
        rotation: 3 x 3, rows are the anatomy's axes in the world.
        centre_mm: Where the anatomy's origin lies in the world, LPS.
        size: Size of the average anatomy relative to this body, (x, y, z).
    """

    rotation: Matrix
    centre_mm: Point
    size: Point = (1.0, 1.0, 1.0)

    def to_anatomy(self, points_mm: Matrix) -> Matrix:
        """Return the anatomy's coordinates of world points, both (n, 3)."""
        turned = (points_mm - np.array(self.centre_mm)) @ self.rotation.T
        return np.asarray(turned * np.array(self.size))

    def to_world(self, points: Matrix) -> Matrix:
        """Return the world points of the anatomy's coordinates, both (n, 3)."""
        return np.asarray((points / np.array(self.size)) @ self.rotation + np.array(self.centre_mm))


@dataclass(frozen=True)
class Coordinates:
    """The anatomy's coordinates of each voxel centre of a grid, each array (z, y, x)."""

    x: FloatArray
    y: FloatArray
    z: FloatArray

    @cached_property
    def _extents_zyx(self) -> list[tuple[FloatArray, FloatArray]]:
        """The lowest and highest coordinate of each slice along each axis."""
        others = ((1, 2), (0, 2), (0, 1))
        return [(v.min(axis=o), v.max(axis=o)) for v, o in zip((self.z, self.y, self.x), others, strict=True)]

    @classmethod
    def of(cls, grid: Grid, pose: Pose, bends: Iterable[SmoothField]) -> Coordinates:
        """Return the coordinates of a grid's voxels for a body in a pose, bent by smooth fields."""
        axes = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing_mm)
        to_anatomy = np.array(pose.size)[:, None] * pose.rotation
        steps = to_anatomy @ axes
        start = pose.to_anatomy(np.array([grid.origin_mm]))[0]
        i, j, k = (np.arange(n, dtype=np.float32) for n in grid.size_xyz)
        x, y, z = (
            (start[row] + steps[row, 2] * k[:, None, None] + steps[row, 1] * j[:, None] + steps[row, 0] * i).astype(
                np.float32
            )
            for row in range(3)
        )
        for bend in bends:
            dx, dy, dz = bend.at(x, y, z)
            x, y, z = x + dx, y + dy, z + dz
        return cls(x, y, z)

    def window(self, low: Point, high: Point) -> Slices | None:
        """Return the part of the grid that can hold the box between two corners; None when there is none."""
        found: list[slice] = []
        for (lowest, highest), least, most in zip(self._extents_zyx, low[::-1], high[::-1], strict=True):
            hit = np.flatnonzero((highest >= least) & (lowest <= most))
            if hit.size == 0:
                return None
            found.append(slice(int(hit[0]), int(hit[-1]) + 1))
        return (found[0], found[1], found[2])

    def within(self, part: Slices) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the coordinates (x, y, z) of a part of the grid."""
        return self.x[part], self.y[part], self.z[part]


def paint(structures: Iterable[Structure], coordinates: Coordinates) -> LabelArray:
    """Return the tissue at each voxel, (z, y, x); later structures cover earlier ones, but not the skin."""
    tissues = np.zeros(coordinates.x.shape, dtype=np.uint8)
    for structure in structures:
        for shape in structure.shapes:
            part = coordinates.window(*shape.bounds_mm())
            if part is not None:
                inside = shape.contains(*coordinates.within(part))
                if not structure.at_surface:
                    inside &= tissues[part] > Tissue.SKIN
                tissues[part][inside] = structure.tissue
    return tissues
