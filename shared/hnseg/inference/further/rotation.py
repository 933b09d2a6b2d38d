"""Rotation about one axis of the network's grid, in millimetres, with linear interpolation.

Along the axis nothing moves, so that the slices across it are turned in their plane. What lies outside has the value at
the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, floor, radians, sin

import torch
from torch.nn.functional import grid_sample

from hnseg.imaging.box import Slices


def turned_tile(
    volume: torch.Tensor, box: Slices, axis: int, degrees: float, spacing_mm: Sequence[float]
) -> torch.Tensor:
    """Return a tile (c, *patch) as it would be if the volume were turned about the tile's centre.

    A rotation of the volume about its own centre, or any other, differs from this by a shift only. What comes into the
    tile comes from the volume around it; no more of that is read.

    Args:
        volume: Volume (c, z, y, x).
        box: Voxels of the tile.
        axis: Axis (0 to 2) of the volume to turn about.
        degrees: Angle, from the first of the other two axes towards the second.
        spacing_mm: Spacing (z, y, x).
    """
    across = [each for each in range(3) if each != axis]
    along_first, along_second = (
        torch.arange(box[each].start, box[each].stop, dtype=torch.float64) - _centre(box[each]) for each in across
    )
    ratio = spacing_mm[across[1]] / spacing_mm[across[0]]
    cosine, sine = cos(radians(degrees)), sin(radians(degrees))
    first, second = along_first[:, None], along_second
    offsets = (cosine * first - sine * ratio * second, sine / ratio * first + cosine * second)
    places = [offset + _centre(box[each]) for offset, each in zip(offsets, across, strict=True)]
    around = list(box)
    for each, place in zip(across, places, strict=True):
        begins, ends = floor(place.min().item()), ceil(place.max().item()) + 1
        around[each] = slice(max(0, begins), min(volume.shape[1 + each], ends))
    begins_at = [around[each].start for each in across]
    return _sampled(volume[(slice(None), *around)], axis, [p - b for p, b in zip(places, begins_at, strict=True)])


def turned_back(tile: torch.Tensor, axis: int, degrees: float, spacing_mm: Sequence[float]) -> torch.Tensor:
    """Return a tile (k, *patch) turned about its centre by the angle the other way; see `turned_tile`."""
    z, y, x = (slice(0, size) for size in tile.shape[1:])
    return turned_tile(tile, (z, y, x), axis, -degrees, spacing_mm)


def _sampled(array: torch.Tensor, axis: int, places: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return values (c, z, y, x) of an array at places (a, b), in voxels, the same in all slices across an axis."""
    slices = array.movedim(1 + axis, 0)
    # torch wants the last axis first, and counts from -1 in the first voxel to 1 in the last.
    last_first = zip(places[::-1], slices.shape[:1:-1], strict=True)
    grid = torch.stack([2 * place / max(1, size - 1) - 1 for place, size in last_first], dim=-1).to(slices)
    every = grid.expand(len(slices), *grid.shape)
    sampled = grid_sample(slices, every, mode="bilinear", padding_mode="border", align_corners=True)
    return sampled.movedim(0, 1 + axis)


def _centre(part: slice) -> float:
    middle: float = (part.start + part.stop - 1) / 2
    return middle
