"""Corners of the outlines of a mask, which run along the edges of its pixels.

Pixels of the mask belong together where they share an edge, pixels beside it also where they share a corner: two pixels
that touch at a corner have an outline each. Outlines are walked with the mask on the right hand, as the image is shown,
x to the right and y down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_IntArray = npt.NDArray[np.int64]
_QUADRANTS = ((-1, -1), (1, -1), (-1, 1), (1, 1))  # (x, y) of the pixels around a corner, in the order of their bits


class Corners(NamedTuple):
    """Corners of all outlines of a mask, each array with one value a corner.

    Attributes:
        x: Columns of the pixels right of the corners; the corner's x in pixels is half of one less.
        y: Rows of the pixels below the corners, in the same way.
        inward_x: 1 where the mask lies right of the vertical edge at the corner, -1 where it lies left of it.
        inward_y: 1 where the mask lies below the horizontal edge at the corner, -1 where it lies above it.
        following: Number of the next corner on the outline.
        runs_vertically: Whether the edge to the next corner is vertical.
    """

    x: _IntArray
    y: _IntArray
    inward_x: _IntArray
    inward_y: _IntArray
    following: _IntArray
    runs_vertically: npt.NDArray[np.bool_]


def corners_of(mask: npt.NDArray[np.bool_]) -> Corners:
    """Return the corners of the outlines of a mask.

    Args:
        mask: Mask of one plane, (y, x); an empty one has no corners.

    >>> corners = corners_of(np.array([[True, True]]))
    >>> sorted(zip(corners.x.tolist(), corners.y.tolist()))
    [(0, 0), (0, 1), (2, 0), (2, 1)]
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    around = padded[:-1, :-1] | padded[:-1, 1:] << 1 | padded[1:, :-1] << 2 | padded[1:, 1:] << 3
    rows, columns = np.nonzero(_COUNT[around])
    kinds = around[rows, columns]
    two = np.flatnonzero(_COUNT[kinds] == 2)
    x, y = np.append(columns, columns[two]), np.append(rows, rows[two])
    towards = np.concatenate([_TOWARDS[0, kinds], _TOWARDS[1, kinds[two]]])
    inward = np.where(np.append(_IS_CONVEX[kinds], _IS_CONVEX[kinds[two]])[:, np.newaxis], towards, -towards)
    runs_horizontally = (towards[:, 0] > 0) == (inward[:, 1] > 0)
    across = _neighbours(x, towards[:, 0], y)
    along = _neighbours(y, towards[:, 1], x)
    return Corners(x, y, inward[:, 0], inward[:, 1], np.where(runs_horizontally, across, along), ~runs_horizontally)


def _neighbours(place: _IntArray, towards: _IntArray, line: _IntArray) -> _IntArray:
    """Return for each corner the other end of its edge on a line; of two at one place the first ends an edge."""
    order = np.lexsort((towards, place, line))
    neighbours = np.empty(len(order), np.int64)
    neighbours[order[0::2]] = order[1::2]
    neighbours[order[1::2]] = order[0::2]
    return neighbours


def _odd_quadrants(around: int) -> tuple[list[tuple[int, int]], bool]:
    """Return the pixels that corners point at, for the bits of the four pixels around, and whether they are inside."""
    inside = [place for bit, place in enumerate(_QUADRANTS) if around >> bit & 1]
    outside = [place for place in _QUADRANTS if place not in inside]
    if len(inside) == 1 or inside in ([_QUADRANTS[0], _QUADRANTS[3]], [_QUADRANTS[1], _QUADRANTS[2]]):
        return inside, True
    return (outside if len(outside) == 1 else []), False


def _kinds() -> tuple[_IntArray, _IntArray, npt.NDArray[np.bool_]]:
    """Return, for the sixteen cases of the four pixels around a corner, count, directions and convexity of corners."""
    count, towards, convex = np.zeros(16, np.int64), np.zeros((2, 16, 2), np.int64), np.zeros(16, np.bool_)
    for around in range(16):
        odd, convex[around] = _odd_quadrants(around)
        count[around] = len(odd)
        towards[: len(odd), around] = np.reshape(odd, (-1, 2))
    return count, towards, convex


_COUNT, _TOWARDS, _IS_CONVEX = _kinds()
