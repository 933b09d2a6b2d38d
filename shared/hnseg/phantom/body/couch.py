"""Treatment table around a patient in a CT, in HU: a flat plate with a foam core, a cushion and a mask."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.phantom.body.shapes import BoolArray

_SHELL_HU, _FOAM_HU, _CUSHION_HU, _MASK_HU = -220.0, -930.0, -945.0, -120.0
_SHELL_MM, _CORE_MM, _CUSHION_MM, _GAP_MM = 2.5, 35.0, 30.0, 6.0
_MASK_BEYOND_MIDDLE_MM = 15.0
_HALF_WIDTH_MM, _CUSHION_HALF_WIDTH_MM = 200.0, 95.0


def add_couch(hounsfield: FloatArray, body: BoolArray, grid: Grid) -> None:
    """Add a cushion and a plate under a body, in place.

    Args:
        hounsfield: CT in HU, (z, y, x); changed outside the body. An empty body leaves it as it is.
        body: Mask of the body, (z, y, x).
        grid: Grid of both; down is the world's +y, in whatever direction the slices lie.
    """
    filled = np.flatnonzero(body.any(axis=(1, 2))).tolist()
    if not filled:
        return
    top = max(float(_world(grid, 1, k)[body[k]].max()) for k in filled) + _GAP_MM
    middle = float(np.mean([_world(grid, 0, k)[body[k]].mean() for k in filled]))
    for k in range(body.shape[0]):
        depth, off_centre = _world(grid, 1, k) - top, np.abs(_world(grid, 0, k) - middle)
        cushion = (depth > -_CUSHION_MM) & (depth < 0) & (off_centre < _CUSHION_HALF_WIDTH_MM)
        plate = (depth > 0) & (depth < 2 * _SHELL_MM + _CORE_MM) & (off_centre < _HALF_WIDTH_MM)
        core = plate & (np.abs(depth - (_SHELL_MM + _CORE_MM / 2)) < _CORE_MM / 2)
        for part, value in ((cushion, _CUSHION_HU), (plate, _SHELL_HU), (core, _FOAM_HU)):
            hounsfield[k][part & ~body[k]] = value


def add_mask(hounsfield: FloatArray, body: BoolArray, grid: Grid) -> None:
    """Add a thermoplastic mask on the front of a body, in place.

    Args:
        hounsfield: CT in HU, (z, y, x); changed outside the body.
        body: Mask of the body, (z, y, x).
        grid: Grid of both.
    """
    nearness = body.astype(np.float32)
    ndimage.gaussian_filter(nearness, sigma=[2.0 / s for s in grid.spacing_zyx_mm], output=nearness)
    shell = (nearness > 0.03) & (nearness < 0.25) & ~body
    for k in np.flatnonzero(body.any(axis=(1, 2))).tolist():
        down = _world(grid, 1, k)
        hounsfield[k][shell[k] & (down < down[body[k]].mean() + _MASK_BEYOND_MIDDLE_MM)] = _MASK_HU


def _world(grid: Grid, axis: int, k: int) -> FloatArray:
    """Return the world's x, y or z (axis 0, 1, 2) of each voxel of a slice, mm, (y, x)."""
    i, j = (np.arange(n, dtype=np.float32) for n in grid.size_xyz[:2])
    steps = np.array(grid.direction).reshape(3, 3)[axis] * np.array(grid.spacing_mm)
    a, b, c = steps.astype(np.float32)
    return np.asarray(np.float32(grid.origin_mm[axis]) + c * k + b * j[:, None] + a * i, dtype=np.float32)
