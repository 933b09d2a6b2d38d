"""Outlines of a mask as polygons that every reader of structure sets reads exactly.

Outlines run along the edges of pixels, drawn inwards by a twentieth of a pixel, and a hole is joined to the outline
around it by a keyhole: two edges one on the other. Readers differ in what several contours of a plane mean, in whether
a pixel on a contour is inside, and in whether vertices are rounded to pixels; this form means the same to all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hnseg.dicom.contours.corners import Corners, corners_of

INSET = 0.05
"""Distance of an outline from the edges of pixels, in pixels; from 0.01 to 0.30 readers read the same."""

_KEYHOLE = 0.25  # of a pixel below its upper edge: no outline runs there, and no reader looks there
Polygon = npt.NDArray[np.float64]


def outlines_of(mask: npt.NDArray[np.bool_]) -> list[Polygon]:
    """Return the polygons of a mask, one for each piece.

    Args:
        mask: Mask of one plane, (y, x); an empty one has none.

    Returns:
        Vertices (x, y) of each polygon in indices of pixels, whose centres are whole numbers, shape (n, 2); the last
        one is joined to the first. Pieces that touch at a corner only have one each.

    >>> outlines_of(np.array([[True]]))[0].tolist()
    [[0.45, -0.45], [0.45, 0.45], [-0.45, 0.45], [-0.45, -0.45]]
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    corners = corners_of(part)
    x = corners.x - 0.5 + INSET * corners.inward_x
    y = corners.y - 0.5 + INSET * corners.inward_y
    outlines = _Outlines(np.stack([x, y], axis=1).tolist(), corners.following.tolist())
    starts = _starts(corners, outlines)
    holes = [start for start in starts if corners.inward_x[start] < 0]
    for hole, edge in _joints(part, corners, holes):
        outlines.join(hole, edge, y=float(corners.y[hole]) - 0.5 + _KEYHOLE)
    # The last vertex lies beside the first along x: plastimatch takes one that differs along y alone, in a sagittal
    # series, for the first one once more, and drops it.
    around = (outlines.from_corner(outlines.after(start)) for start in starts if corners.inward_x[start] > 0)
    return [np.array(polygon) + np.array([left, top]) for polygon in around]


class _Outlines:
    """Closed lists of points, each of which knows the next one."""

    def __init__(self, points: list[list[float]], following: list[int]) -> None:
        """Take points (x, y) and the number of the next one of each."""
        self._points = points
        self._following = following
        self._ends: dict[int, int] = {}

    def numbers_from(self, start: int) -> list[int]:
        """Return the numbers of the points of one outline."""
        numbers = [start]
        while (number := self._following[numbers[-1]]) != start:
            numbers.append(number)
        return numbers

    def after(self, number: int) -> int:
        """Return the number of the next point."""
        return self._following[number]

    def from_corner(self, start: int) -> list[list[float]]:
        """Return the points of one outline."""
        return [self._points[number] for number in self.numbers_from(start)]

    def join(self, hole: int, edge: int, *, y: float) -> None:
        """Join a hole to another outline by a keyhole.

        Args:
            hole: Corner of the hole from which its left edge runs down.
            edge: Corner from which the edge runs up to which the hole is joined, of several the lowest hole first.
            y: Height of the keyhole.
        """
        outer, inner = [self._points[edge][0], y], [self._points[hole][0], y]
        first = len(self._points)
        self._points += [outer, inner, inner, outer]
        before = self._ends.get(edge, edge)
        self._following += [first + 1, self._following[hole], first + 3, self._following[before]]
        self._following[before], self._following[hole] = first, first + 2
        self._ends[edge] = first + 3


def _starts(corners: Corners, outlines: _Outlines) -> list[int]:
    """Return the upper corner of the leftmost edge of each outline."""
    starts, is_known = [], np.zeros(len(corners.x), np.bool_)
    for corner in np.lexsort((corners.y, corners.x)).tolist():
        if not is_known[corner]:
            starts.append(corner)
            is_known[outlines.numbers_from(corner)] = True
    return starts


def _joints(mask: npt.NDArray[np.bool_], corners: Corners, holes: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each hole the corner from which the edge runs up that is the next one left of the hole's upper end."""
    if not holes:
        return []
    rising = np.flatnonzero(corners.runs_vertically & (corners.inward_x > 0))
    height = len(mask) + 1
    places = corners.x[rising] * height + corners.y[rising]
    rising = rising[np.argsort(places)]
    places.sort()
    joints = []
    for hole in holes:
        row = int(corners.y[hole])
        outside = np.flatnonzero(~mask[row, : corners.x[hole]])
        column = int(outside[-1]) + 1 if len(outside) else 0
        joints.append((hole, int(rising[np.searchsorted(places, column * height + row, side="right")])))
    return sorted(joints, key=lambda joint: (joint[1], -corners.y[joint[0]]))
