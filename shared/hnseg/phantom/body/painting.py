"""Tissue map of a body on a grid: from voxel centres to the anatomy's coordinates, and from shapes to voxels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray, Grid, LabelArray
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue

Matrix = npt.NDArray[np.float64]

# A body is bent and painted some slices at a time, since each step takes several numbers a voxel.
_VOXELS_AT_A_TIME = 4_000_000


@dataclass(frozen=True)
class Pose:
    """Pose of a body in the scanner: anatomy = rotation @ (world - centre_mm) * size, before it is bent.

    Attributes:
        rotation: Matrix, 3 x 3, whose rows are the anatomy's axes in the world.
        centre_mm: Position of the anatomy's origin in the world, LPS.
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

    def point_to_world(self, point: npt.NDArray[np.float64]) -> Point:
        """Return the world point of one point in the anatomy's coordinates, (3,)."""
        x, y, z = self.to_world(point[np.newaxis])[0].tolist()
        return (x, y, z)


@dataclass(frozen=True)
class Coordinates:
    """Anatomy's coordinates of each voxel centre of a grid.

    Attributes:
        x: Coordinates to the left in mm, (z, y, x).
        y: Coordinates to the back in mm, (z, y, x).
        z: Coordinates to the head in mm, (z, y, x).
    """

    x: FloatArray
    y: FloatArray
    z: FloatArray

    @cached_property
    def _extents_zyx(self) -> list[tuple[FloatArray, FloatArray]]:
        """Lowest and highest coordinate of each slice along each axis."""
        others = ((1, 2), (0, 2), (0, 1))
        return [(v.min(axis=o), v.max(axis=o)) for v, o in zip((self.z, self.y, self.x), others, strict=True)]

    @classmethod
    def of(cls, grid: Grid, pose: Pose, bends: Sequence[SmoothField]) -> Coordinates:
        """Return the coordinates of a grid's voxels for a bent body.

        Args:
            grid: Grid of the voxels.
            pose: Pose of the body.
            bends: Displacements in the anatomy's coordinates, mm, added one after the other.
        """
        axes = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing_mm)
        to_anatomy = np.array(pose.size)[:, None] * pose.rotation
        steps = to_anatomy @ axes
        start = pose.to_anatomy(np.array([grid.origin_mm]))[0]
        i, j, k = (np.arange(n, dtype=np.float32) for n in grid.size_xyz)
        points = np.empty((3, *grid.shape_zyx), dtype=np.float32)
        for some in _runs_of_slices(grid.shape_zyx):
            for row, (along_i, along_j, along_k) in enumerate(steps):
                points[row, some] = start[row] + along_k * k[some, None, None] + along_j * j[:, None] + along_i * i
            for bend in bends:
                points[:, some] += bend.at(*points[:, some])
        return cls(*points)

    def pieces(self) -> Iterator[tuple[slice, Coordinates]]:
        """Yield the grid some slices at a time: their range along z, and their coordinates."""
        for some in _runs_of_slices(self.x.shape):
            yield some, Coordinates(self.x[some], self.y[some], self.z[some])

    def window(self, low: Point, high: Point) -> Slices | None:
        """Return the part of the grid around the box between two corners, (z, y, x); None when the box is outside.

        Args:
            low: Lowest corner in the anatomy's coordinates, (x, y, z).
            high: Highest corner.
        """
        part: list[slice] = []
        for (lowest, highest), least, most in zip(self._extents_zyx, low[::-1], high[::-1], strict=True):
            hit = np.flatnonzero((highest >= least) & (lowest <= most))
            if hit.size == 0:
                return None
            part.append(slice(int(hit[0]), int(hit[-1]) + 1))
        return (part[0], part[1], part[2])

    def within(self, part: Slices) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the coordinates x, y and z of a part of the grid."""
        return self.x[part], self.y[part], self.z[part]


def paint(structures: Sequence[Structure], coordinates: Coordinates) -> LabelArray:
    """Return the tissue map of a body.

    Args:
        structures: Structures in the order of painting: later ones cover earlier ones, but not the skin.
        coordinates: Anatomy's coordinates of the voxels.

    Returns:
        Numbers of `Tissue`, uint8 (z, y, x).
    """
    tissues = np.zeros(coordinates.x.shape, dtype=np.uint8)
    for some, piece in coordinates.pieces():
        for structure in structures:
            _paint_one(structure, tissues[some], piece)
    return tissues


def _paint_one(structure: Structure, tissues: LabelArray, coordinates: Coordinates) -> None:
    for shape in structure.shapes:
        part = coordinates.window(*shape.bounds_mm())
        if part is not None:
            inside = shape.contains(*coordinates.within(part))
            if not structure.at_surface:
                inside &= tissues[part] > Tissue.SKIN
            tissues[part][inside] = structure.tissue


def _runs_of_slices(shape_zyx: tuple[int, ...]) -> list[slice]:
    count, rows, columns = shape_zyx
    thick = max(1, _VOXELS_AT_A_TIME // (rows * columns))
    return [slice(first, first + thick) for first in range(0, count, thick)]
