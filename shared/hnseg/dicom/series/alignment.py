"""Label map on the grid of a series, whatever the order and the sense of its axes: no voxel is resampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, LabelArray, array_of


def aligned(label_map: sitk.Image, grid: Grid, path: Path) -> LabelArray:
    """Return the voxels of a label map in the order of a series' grid.

    Converters turn and flip the axes of what they write; the voxels stay where they are in the patient.

    Args:
        label_map: uint8, on the series' grid but for the order and the sense of its axes.
        grid: Grid of the series.
        path: File of the label map, for the error sentence.

    Returns:
        Labels, (z, y, x), of the grid's shape.

    Raises:
        InputError: The voxels do not lie where the series' do.
    """
    own = Grid.of(label_map)
    turn = _turn(own, grid)
    axes_xyz = np.abs(turn).argmax(axis=1)
    flipped = [bool(turn[axis, source] < 0) for axis, source in enumerate(axes_xyz)]
    if sorted(axes_xyz.tolist()) == [0, 1, 2] and _permuted(own, axes_xyz.tolist(), flipped).is_close_to(grid):
        array = np.transpose(array_of(label_map), [2 - axes_xyz[2 - axis] for axis in range(3)])
        return np.ascontiguousarray(np.flip(array, tuple(axis for axis in range(3) if flipped[2 - axis])))
    raise InputError(
        f"The label map must lie on the grid of the series, but {path} has {own.differences(grid)}."
        " Was it made for another series, or resampled?"
    )


def _turn(own: Grid, grid: Grid) -> npt.NDArray[np.float64]:
    """Return the steps along a grid's axes in indices of another one, a column for each axis, (3, 3)."""
    return np.asarray((grid.index_xyz(own.points_mm(np.eye(3))) - grid.index_xyz(own.points_mm(np.zeros((1, 3))))).T)


def _permuted(own: Grid, axes_xyz: list[int], flipped: list[bool]) -> Grid:
    """Return a grid with its axes in another order and sense, and the same voxel centres."""
    corner = [0.0, 0.0, 0.0]
    for axis, source in enumerate(axes_xyz):
        if flipped[axis]:
            corner[source] = float(own.size_xyz[source] - 1)
    direction = np.array(own.direction).reshape(3, 3)[:, axes_xyz] * np.where(flipped, -1, 1)
    x, y, z = own.points_mm(np.array([corner]))[0].tolist()
    size, spacing = ([values[axis] for axis in axes_xyz] for values in (own.size_xyz, own.spacing_mm))
    return Grid(
        (int(size[0]), int(size[1]), int(size[2])),
        (spacing[0], spacing[1], spacing[2]),
        (x, y, z),
        tuple(direction.ravel().tolist()),
    )
