"""Reorientation of images to right, anterior, superior, for models that were trained on images so turned.

An array is turned without copying a voxel: the turned one is a view, so writing into it changes the original.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid

_TRAINED = "RAS"


def turned(channels: Channels) -> Channels:
    """Return channels with axes flipped and swapped to point right, anterior and superior, as nearly as they can."""
    return replace(channels, array=turned_array(channels.array, channels.grid), grid=_turned_grid(channels.grid))


def turned_array(array: npt.NDArray[Any], grid: Grid) -> npt.NDArray[Any]:
    """Return a view of an array on a grid, (..., z, y, x), with its axes so flipped and swapped."""
    order_xyz, flips_xyz = _turn(grid)
    others = array.ndim - 3
    # Axis a of (x, y, z) is axis 2 - a of (z, y, x).
    order = [*range(others), *(others + 2 - axis for axis in reversed(order_xyz))]
    flips = tuple(others + 2 - axis for axis in range(3) if flips_xyz[axis])
    return np.flip(array.transpose(order), flips)


def _turned_grid(grid: Grid) -> Grid:
    (a, b, c), flips = _turn(grid)
    columns = np.array(grid.direction).reshape(3, 3)[:, [a, b, c]] * np.where(flips, -1.0, 1.0)
    first = np.zeros((1, 3))
    for axis, is_flipped in zip((a, b, c), flips, strict=True):
        first[0, axis] = grid.size_xyz[axis] - 1 if is_flipped else 0
    x, y, z = grid.points_mm(first)[0].tolist()
    size, mm = grid.size_xyz, grid.spacing_mm
    return Grid((size[a], size[b], size[c]), (mm[a], mm[b], mm[c]), (x, y, z), tuple(columns.ravel().tolist()))


def _turn(grid: Grid) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Return the axes (x, y, z) in their new order, and whether each of these is then flipped."""
    image = sitk.Image([1, 1, 1], sitk.sitkUInt8)
    image.SetDirection(grid.direction)
    turn = sitk.DICOMOrientImageFilter()
    turn.SetDesiredCoordinateOrientation(_TRAINED)
    turn.Execute(image)
    return turn.GetPermuteOrder(), turn.GetFlipAxes()
