"""Growth of recurrences from their points of origin, and the volumes they grow to.

A front moves from each origin through soft tissue at a speed that varies smoothly, as `exp(0.45 g)` with g a Gaussian
noise smooth over 5 mm, and not at all through bone, air, skin or nerves; the recurrence is what the front has passed
when the volume is reached. A voxel is left to the nearest origin, and to none within a voxel's diagonal of the border,
so that recurrences stay apart. The front solves the eikonal equation (Sethian, PNAS 93, 1996), by ITK's fast marching.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.box import Box
from hnseg.imaging.geometry import FloatArray, Grid, LabelArray, array_of, image_of
from hnseg.phantom.body.shapes import BoolArray
from hnseg.phantom.challenges.recurrence.origins import Index
from hnseg.phantom.scanners.noise import smooth_noise

VOLUME_CC = (3.0, 6.0, 8.0, 18.0, 45.0)
"""Volume of all recurrences of a patient: least, quartiles and greatest; the quartiles are those published."""

_SMOOTH_MM, _UNEVEN = 5.0, 0.45
# A front would need so long for a millimetre of what it does not pass; what takes longer was not reached.
_BLOCKED_SPEED, _LONGEST = 1e-6, 1e4


def draw_volumes(rng: np.random.Generator, count: int) -> tuple[float, ...]:
    """Draw the volumes of a patient's recurrences, mm3, of which none has less than a third of another.

    The volume of them all lies between the published quartiles with a chance of one quarter each; its logarithm is
    uniform in between. Source: Kutnár et al., 2023, median 8 cc, quartiles 6 and 18.

    Args:
        rng: Source of randomness.
        count: Number of recurrences.
    """
    total = 1000 * np.exp(np.interp(rng.random(), np.linspace(0, 1, len(VOLUME_CC)), np.log(VOLUME_CC)))
    parts = rng.uniform(1 / 3, 1, count)
    volumes: list[float] = (total * parts / parts.sum()).tolist()
    return tuple(volumes)


def grow(
    rng: np.random.Generator, origins: Sequence[Index], volumes_mm3: Sequence[float], space: BoolArray, grid: Grid
) -> LabelArray:
    """Return recurrences grown from their origins, each one piece, of which no two touch.

    Args:
        rng: Source of randomness.
        origins: Voxels in which they begin, (z, y, x) each, inside the space.
        volumes_mm3: Volume of each; it is less where the space around its origin is.
        space: Where they may grow, (z, y, x).
        grid: Grid of the space.

    Returns:
        Numbers of the recurrences from 1, in the order of the origins, uint8 (z, y, x); 0 elsewhere.
    """
    labels = np.zeros(grid.shape_zyx, dtype=np.uint8)
    for number, (origin, volume_mm3) in enumerate(zip(origins, volumes_mm3, strict=True)):
        part = _around(origin, grid, 10 + 3 * np.cbrt(3 * volume_mm3 / (4 * np.pi)))
        first = np.array(part.index_xyz[::-1])
        others = [np.subtract(other, first) for place, other in enumerate(origins) if place != number]
        own = part.of(space) & _is_nearest(np.subtract(origin, first), others, part.grid_in(grid))
        z, y, x = np.subtract(origin, first).tolist()
        arrival = _arrival(rng, (z, y, x), own, part.grid_in(grid))
        voxels = max(1, round(volume_mm3 / grid.voxel_volume_mm3))
        latest = np.partition(arrival, min(voxels, arrival.size) - 1, axis=None)[min(voxels, arrival.size) - 1]
        part.of(labels)[own & (arrival <= min(latest, _LONGEST))] = number + 1
    return labels


def _around(origin: Index, grid: Grid, reach_mm: float) -> Box:
    """Return the box of the grid's voxels around an origin."""
    middle, reach = np.array(origin[::-1]), np.ceil(reach_mm / np.array(grid.spacing_mm)).astype(int)
    first = np.maximum(middle - reach, 0)
    count = np.minimum(middle + reach + 1, grid.size_xyz) - first
    (x, y, z), (nx, ny, nz) = first.tolist(), count.tolist()
    return Box((x, y, z), (nx, ny, nz))


def _is_nearest(origin: FloatArray, others: Sequence[FloatArray], grid: Grid) -> BoolArray:
    """Return the voxels nearer to an origin than to any other by more than a voxel's diagonal, (z, y, x)."""
    nearest = np.ones(grid.shape_zyx, dtype=bool)
    own_mm = _distance_mm(origin, grid)
    for other in others:
        nearest &= own_mm + np.linalg.norm(grid.spacing_mm) < _distance_mm(other, grid)
    return nearest


def _distance_mm(origin: FloatArray, grid: Grid) -> FloatArray:
    axes = zip(np.indices(grid.shape_zyx, dtype=np.float32, sparse=True), origin, grid.spacing_zyx_mm, strict=True)
    return np.asarray(np.sqrt(sum(((at - middle) * spacing) ** 2 for at, middle, spacing in axes)))


def _arrival(rng: np.random.Generator, origin: Index, space: BoolArray, grid: Grid) -> FloatArray:
    """Return the time at which a front from an origin reaches each voxel, (z, y, x), about 1 a millimetre."""
    speed = np.exp(_UNEVEN * smooth_noise(grid, rng, sigma_mm=_SMOOTH_MM))
    speed[~space] = _BLOCKED_SPEED
    return array_of(sitk.FastMarching(image_of(speed, grid), trialPoints=[list(origin[::-1])], stoppingValue=_LONGEST))
