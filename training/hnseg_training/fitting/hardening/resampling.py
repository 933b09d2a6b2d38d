"""Resampling of an artefact: what it changes in an image's voxels reaches the network interpolated between them.

nnU-Net normalises an image on its own grid and then resamples it. Fine artefacts, such as noise, lose contrast where a
voxel of the network lies between voxels of the image; a training patch is on the network's grid already.
"""

from __future__ import annotations

import numpy as np

from hnseg.imaging.geometry import FloatArray

_LARGEST_WEIGHT = 0.2
"""Weight of a voxel's neighbour half-way between two voxels. In the mean white noise keeps 0.57 of its variance;
nnU-Net's cubic spline leaves 0.67."""


def resampled_change(before: FloatArray, after: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return an image with the change between two states of it interpolated, float32 (z, y, x).

    Along each axis a voxel's neighbour has a weight that rises and falls with the place, as between two grids.

    Args:
        before: Image (z, y, x).
        after: The same with an artefact.
        rng: Source of randomness, of the grids' offset and of the distance over which they fall together again.
    """
    change = after - before
    for axis in range(change.ndim):
        cycles = rng.uniform(0, 0.5) * np.arange(change.shape[axis]) + rng.uniform()
        weights = _LARGEST_WEIGHT * np.abs(1 - 2 * (cycles % 1))
        along = weights.astype(np.float32).reshape([-1 if each == axis else 1 for each in range(change.ndim)])
        neighbour = np.take(change, [*range(1, change.shape[axis]), change.shape[axis] - 1], axis)
        change += along * (neighbour - change)
    result: FloatArray = before + change
    return result
