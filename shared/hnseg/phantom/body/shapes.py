"""Implicit shapes for the parts of an anatomy, in mm: x to the left, y to the back, z to the head (LPS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray

Point = tuple[float, float, float]
"""Coordinates, or sizes along the axes, (x, y, z)."""

BoolArray = npt.NDArray[np.bool_]


class Shape(Protocol):
    """Part of space, given by a test of points."""

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around the shape, (x, y, z) each."""

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Return True for the points inside, an array of the shape of each coordinate."""


@dataclass(frozen=True)
class Ellipsoid:
    """Ellipsoid along the axes, or a more box-like superellipsoid.

    Attributes:
        centre: Centre, (x, y, z).
        radii: Half axes, (x, y, z).
        power: Exponent of the distances; 2 is an ellipsoid, a higher one is closer to a box.
    """

    centre: Point
    radii: Point
    power: float = 2.0

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around the shape, (x, y, z) each."""
        return _box(np.array([self.centre]), np.array(self.radii))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Return True for the points inside, an array of the shape of each coordinate."""
        terms = [
            np.abs((axis - np.float32(middle)) / np.float32(radius)) ** np.float32(self.power)
            for axis, middle, radius in zip((x, y, z), self.centre, self.radii, strict=True)
        ]
        return np.asarray(terms[0] + terms[1] + terms[2] < 1)


@dataclass(frozen=True)
class Capsule:
    """Capsule: all points near a line, with a radius that may taper from one end to the other.

    Attributes:
        start: First end of the line, (x, y, z).
        end: Second end of the line.
        radius_mm: Radius at the first end.
        end_radius_mm: Radius at the second end.
        squash: Factors of the radius along each axis, (x, y, z).
    """

    start: Point
    end: Point
    radius_mm: float
    end_radius_mm: float
    squash: Point = (1.0, 1.0, 1.0)

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around the shape, (x, y, z) each."""
        widest = max(self.radius_mm, self.end_radius_mm)
        return _box(np.array([self.start, self.end]), widest * np.array(self.squash))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Return True for the points inside, an array of the shape of each coordinate."""
        squash = np.array(self.squash, dtype=np.float32)
        start = np.array(self.start, dtype=np.float32) / squash
        along = np.array(self.end, dtype=np.float32) / squash - start
        px, py, pz = (axis / k - s for axis, k, s in zip((x, y, z), squash, start, strict=True))
        length2 = max(float(along @ along), 1e-6)
        part = np.clip((px * along[0] + py * along[1] + pz * along[2]) / np.float32(length2), 0, 1)
        distance2 = (px - part * along[0]) ** 2 + (py - part * along[1]) ** 2 + (pz - part * along[2]) ** 2
        radius = self.radius_mm + part * (self.end_radius_mm - self.radius_mm)
        return np.asarray(distance2 < radius**2)


@dataclass(frozen=True)
class Contour:
    """Closed surface with a cross-section that changes along z: an egg with its narrow end in front.

    Attributes:
        knots: Cross-sections (z, half width, front y, back y) in mm, z ascending; linear in between.
        depth_mm: Distance of the shape inside the surface.
        narrowing: Reduction of the width in front, as a fraction of the width in the middle.
    """

    knots: tuple[tuple[float, float, float, float], ...]
    depth_mm: float = 0.0
    narrowing: float = 0.25

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around the shape, (x, y, z) each."""
        z, half_width, front, back = np.array(self.knots).T
        wide = float(half_width.max())
        return (-wide, float(front.min()), float(z[0])), (wide, float(back.max()), float(z[-1]))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Return True for the points inside, an array of the shape of each coordinate."""
        levels, *columns = np.array(self.knots, dtype=np.float32).T
        half_width, front, back = (np.interp(z, levels, column).astype(np.float32) for column in columns)
        half_width -= self.depth_mm
        middle, half_depth = (front + back) / 2, (back - front) / 2 - self.depth_mm
        v = (y - middle) / half_depth
        u = x / (half_width * (1 - self.narrowing * np.clip(-v, 0, 1) ** 2))
        within = (z > levels[0] + self.depth_mm) & (z < levels[-1] - self.depth_mm)
        return np.asarray((np.abs(u) ** 2.3 + np.abs(v) ** 2.3 < 1) & within)


def tube(points: Sequence[Point], radii_mm: Sequence[float], squash: Point = (1.0, 1.0, 1.0)) -> list[Capsule]:
    """Return a tube: capsules along a line of points, with a radius at each point.

    Args:
        points: Points of the line, two at least.
        radii_mm: Radius at each of them.
        squash: Factors of the radius along each axis, (x, y, z).
    """
    ends = list(zip(points, radii_mm, strict=True))
    return [Capsule(a, b, ra, rb, squash) for (a, ra), (b, rb) in pairwise(ends)]


def _box(points: npt.NDArray[np.float64], margin: npt.NDArray[np.float64]) -> tuple[Point, Point]:
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))
