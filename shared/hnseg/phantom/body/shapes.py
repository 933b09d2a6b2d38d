"""The implicit shapes that anatomy is made of, in mm: x to the left, y to the back, z to the head (LPS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray

Point = tuple[float, float, float]
BoolArray = npt.NDArray[np.bool_]


class Shape(Protocol):
    """A part of space."""

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around it."""

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Say which points lie inside."""


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the axes; a power above 2 makes it boxier."""

    centre: Point
    radii: Point
    power: float = 2.0

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around it."""
        return _box(np.array([self.centre]), np.array(self.radii))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Say which points lie inside."""
        terms = [
            np.abs((axis - np.float32(middle)) / np.float32(radius)) ** np.float32(self.power)
            for axis, middle, radius in zip((x, y, z), self.centre, self.radii, strict=True)
        ]
        return np.asarray(terms[0] + terms[1] + terms[2] < 1)


@dataclass(frozen=True)
class Capsule:
    """A round-ended stick that may taper; `squash` shrinks (below 1) or widens it along each axis."""

    start: Point
    end: Point
    radius_mm: float
    end_radius_mm: float
    squash: Point = (1.0, 1.0, 1.0)

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around it."""
        widest = max(self.radius_mm, self.end_radius_mm)
        return _box(np.array([self.start, self.end]), widest * np.array(self.squash))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Say which points lie inside."""
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
    """A closed surface whose cross-section, an egg with its narrow end in front, changes along z.

    Attributes:
        knots: (z, half width, front y, back y) in mm, z ascending.
        depth_mm: How far inside the surface the shape ends.
        narrowing: How much narrower the front is than the middle, 0 to 1.
    """

    knots: tuple[tuple[float, float, float, float], ...]
    depth_mm: float = 0.0
    narrowing: float = 0.25

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around it."""
        z, half_width, front, back = np.array(self.knots).T
        wide = float(half_width.max())
        return (-wide, float(front.min()), float(z[0])), (wide, float(back.max()), float(z[-1]))

    def contains(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """Say which points lie inside."""
        levels, *columns = np.array(self.knots, dtype=np.float32).T
        half_width, front, back = (np.interp(z, levels, column).astype(np.float32) for column in columns)
        half_width -= self.depth_mm
        middle, half_depth = (front + back) / 2, (back - front) / 2 - self.depth_mm
        v = (y - middle) / half_depth
        u = x / (half_width * (1 - self.narrowing * np.clip(-v, 0, 1) ** 2))
        within = (z > levels[0] + self.depth_mm) & (z < levels[-1] - self.depth_mm)
        return np.asarray((np.abs(u) ** 2.3 + np.abs(v) ** 2.3 < 1) & within)


def tube(points: Sequence[Point], radii_mm: Sequence[float], squash: Point = (1.0, 1.0, 1.0)) -> list[Capsule]:
    """Return capsules that run through the points, with a radius at each."""
    ends = list(zip(points, radii_mm, strict=True))
    return [Capsule(a, b, ra, rb, squash) for (a, ra), (b, rb) in pairwise(ends)]


def _box(points: npt.NDArray[np.float64], margin: npt.NDArray[np.float64]) -> tuple[Point, Point]:
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))
