"""Pixels of a polygon: those whose centre lies inside it or on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hnseg.dicom.contours.outlines import Polygon
from hnseg.errors import HeaderError

_ON = 1e-3  # pixels between a centre and a contour on it: writers round coordinates
_MOST_CROSSINGS = 4  # for each pixel of the plane: an outline along every edge of every pixel


class Filled(NamedTuple):
    """Pixels of a polygon in the part of the plane around it.

    Attributes:
        rows: Rows of the part.
        columns: Columns of the part.
        inside: Mask of the pixels whose centre lies inside the polygon, (y, x), by the rule of even and odd crossings.
        on: Mask of those whose centre lies on it, none of which is inside.
    """

    rows: slice
    columns: slice
    inside: npt.NDArray[np.bool_]
    on: npt.NDArray[np.bool_]


def filled(polygon: Polygon, shape_yx: tuple[int, int]) -> Filled:
    """Return the pixels of a polygon.

    Args:
        polygon: Vertices (x, y) in indices of pixels, shape (n, 2), n at least 1, finite; what lies outside the plane
            is cut off. One vertex or two have pixels on them and none inside.
        shape_yx: Shape of the plane.

    Raises:
        HeaderError: The polygon crosses more rows than any outline of pixels.

    >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    >>> pixels = filled(square, (9, 9))
    >>> pixels.inside.astype(int).tolist()
    [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> bool((pixels.inside | pixels.on).all())
    True
    """
    rows, columns = _span(polygon[:, 1], shape_yx[0]), _span(polygon[:, 0], shape_yx[1])
    shape = (max(rows.stop - rows.start, 0), max(columns.stop - columns.start, 0))
    if 0 in shape:
        return Filled(slice(0, 0), slice(0, 0), np.zeros((0, 0), np.bool_), np.zeros((0, 0), np.bool_))
    points = polygon - (columns.start, rows.start)
    edges = _Edges(points, np.roll(points, -1, axis=0))
    row, x = edges.crossings(shape[0], most=_MOST_CROSSINGS * shape_yx[0] * shape_yx[1] + 10 * len(points))
    toggles = np.zeros((shape[0], shape[1] + 1), np.int64)
    np.add.at(toggles, (row, np.clip(np.ceil(x), 0, shape[1]).astype(np.int64)), 1)
    odd = (np.cumsum(toggles, axis=1)[:, :-1] & 1).astype(np.bool_)
    on = np.zeros(shape, np.bool_)
    _mark(on, row, x)
    _mark(on, points[:, 1], points[:, 0])
    for height, first, last in edges.along_rows():
        if 0 <= height < shape[0]:
            on[height, max(first, 0) : max(last + 1, 0)] = True
    return Filled(rows, columns, odd & ~on, on)


class _Edges(NamedTuple):
    """Edges of a polygon: their ends (x, y), shape (n, 2)."""

    start: Polygon
    end: Polygon

    def crossings(self, height: int, *, most: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return row and x of each crossing of an edge with the middle of a row; a row at its lower end is not crossed.

        Raises:
            HeaderError: There are more than the most.
        """
        low, high = np.minimum(self.start[:, 1], self.end[:, 1]), np.maximum(self.start[:, 1], self.end[:, 1])
        first = np.clip(np.ceil(low), 0, height).astype(np.int64)
        counts = np.maximum(np.clip(np.ceil(high), 0, height).astype(np.int64) - first, 0)
        if (total := int(counts.sum())) > most:
            raise HeaderError(f"a contour crosses {total} rows, more than any outline of pixels")
        edge = np.repeat(np.arange(len(counts)), counts)
        row = first[edge] + np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        start, end = self.start[edge], self.end[edge]
        share = (row - start[:, 1]) / (end[:, 1] - start[:, 1])
        return row, start[:, 0] + share * (end[:, 0] - start[:, 0])

    def along_rows(self) -> list[tuple[int, int, int]]:
        """Return row, first and last column of the pixels on each edge that runs along the middle of a row."""
        height = np.round(self.start[:, 1])
        is_along = (np.abs(self.start[:, 1] - height) <= _ON) & (np.abs(self.end[:, 1] - height) <= _ON)
        x = np.stack([self.start[is_along, 0], self.end[is_along, 0]])
        first, last = np.ceil(x.min(axis=0) - _ON), np.floor(x.max(axis=0) + _ON)
        spans = np.stack([height[is_along], first, last], axis=1).astype(np.int64)
        return [(row, start, end) for row, start, end in spans.tolist()]


def _span(values: npt.NDArray[np.float64], count: int) -> slice:
    """Return the indices of the pixels between the smallest and the largest of some values."""
    first = int(np.ceil(np.clip(values.min() - _ON, 0, count)))
    last = int(np.floor(np.clip(values.max() + _ON, -1, count - 1)))
    return slice(first, last + 1)


def _mark(on: npt.NDArray[np.bool_], y: npt.NDArray[np.number], x: npt.NDArray[np.float64]) -> None:
    """Mark the pixels whose centre a point is at."""
    row, column = np.round(y), np.round(x)
    is_at = (np.abs(y - row) <= _ON) & (np.abs(x - column) <= _ON)
    is_at &= (row >= 0) & (row < on.shape[0]) & (column >= 0) & (column < on.shape[1])
    on[row[is_at].astype(np.int64), column[is_at].astype(np.int64)] = True
