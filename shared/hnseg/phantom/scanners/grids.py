"""Grids of scans, drawn from the ranges of a kind of acquisition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.painting import Pose
from hnseg.phantom.body.shapes import Point

Range = tuple[int, int]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Acquisition:
    """Kind of acquisition: ranges of a scan's grid.

    Attributes:
        columns: Least and most voxels along x.
        rows: Least and most voxels along y.
        slices: Least and most voxels along z.
        spacing_mm: Distances of voxel centres, (x, y, z).
        spread: Largest relative deviation of a scan's spacing.
    """

    columns: Range
    rows: Range
    slices: Range
    spacing_mm: tuple[float, float, float]
    spread: float = 0.0

    def draw(self, rng: np.random.Generator, pose: Pose, *, tilt_deg: float = 0.0) -> Grid:
        """Draw a grid around a body.

        Args:
            rng: Source of randomness.
            pose: Pose of the body; the grid's middle is near the anatomy's origin.
            tilt_deg: Angle of the slices against the world's axes.
        """
        size, spacing = self._draw_voxels(rng)
        direction = Rotation.from_euler("xyz", [tilt_deg, tilt_deg / 3, -tilt_deg / 4], degrees=True).as_matrix()
        # The scan covers the throat rather than the crown.
        middle = pose.to_world(np.array([[0.0, -3.0, rng.uniform(-8, 4)]]))[0] + rng.normal(0, 2.5, 3)
        return _grid_around(middle, size, spacing, direction)

    def draw_around(self, rng: np.random.Generator, middle_mm: Point, *, tilt_deg: float = 0.0) -> Grid:
        """Draw a grid around a point.

        Args:
            rng: Source of randomness.
            middle_mm: Middle of the grid in the world.
            tilt_deg: Angle of the slices against the world's axes.
        """
        size, spacing = self._draw_voxels(rng)
        direction = Rotation.from_euler("xyz", [tilt_deg, tilt_deg / 3, -tilt_deg / 4], degrees=True).as_matrix()
        return _grid_around(np.array(middle_mm), size, spacing, direction)

    def _draw_voxels(self, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
        """Draw the numbers of voxels and their spacings."""
        size = np.array([rng.integers(low, high + 1) for low, high in (self.columns, self.rows, self.slices)])
        factor = 1 + rng.uniform(-self.spread, self.spread, 2)
        return size.astype(np.float64), np.array(self.spacing_mm) * factor[[0, 0, 1]]


def _grid_around(middle_mm: Numbers, size: Numbers, spacing_mm: Numbers, direction: Numbers) -> Grid:
    x, y, z = np.round(middle_mm - direction @ ((size - 1) / 2 * spacing_mm), 4).tolist()
    sx, sy, sz = np.round(spacing_mm, 4).tolist()
    nx, ny, nz = (int(n) for n in size)
    return Grid((nx, ny, nz), (sx, sy, sz), (x, y, z), tuple(direction.ravel().tolist()))
