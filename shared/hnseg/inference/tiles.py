"""nnU-Net's sliding window: where tiles lie, how they are weighted, and their weighted mean.

A volume is (channels, z, y, x) in the network's axis order. A 2-D network's patch is one voxel deep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import pad

Shape3 = tuple[int, int, int]


@dataclass(frozen=True)
class Tiling:
    """How tiles cover a volume that is at least as large as a patch.

    Attributes:
        patch: The size of a tile.
        starts: The first voxel of each tile, slab by slab along the first axis.
    """

    patch: Shape3
    starts: tuple[Shape3, ...]

    def box(self, tile: int) -> tuple[slice, ...]:
        """Return the voxels of one tile, all channels."""
        parts = (slice(start, start + size) for start, size in zip(self.starts[tile], self.patch, strict=True))
        return (slice(None), *parts)


def patch_3d(patch_size: tuple[int, ...]) -> Shape3:
    """Return a patch size with three numbers."""
    z, y, x = (1,) * (3 - len(patch_size)) + patch_size
    return (z, y, x)


def tile(shape: tuple[int, ...], patch_size: tuple[int, ...], step: float) -> Tiling:
    """Cover a volume with tiles.

    Args:
        shape: The volume's, at least the patch's.
        patch_size: 2 numbers for a network that sees every slice by itself.
        step: Distance between tiles at most, as a fraction of the patch.
    """
    patch = patch_3d(patch_size)
    along = [_starts(n, size, step) for n, size in zip(shape, patch, strict=True)]
    if len(patch_size) == 2:
        along[0] = list(range(shape[0]))
    return Tiling(patch, tuple((z, y, x) for z, y, x in product(*along)))


def pad_to_patch(volume: torch.Tensor, patch: Shape3) -> tuple[torch.Tensor, tuple[slice, ...]]:
    """Pad a volume smaller than a patch with zeros on both sides.

    Returns:
        The padded volume, and where the volume lies in it, all channels.
    """
    missing = [max(0, size - n) for n, size in zip(volume.shape[1:], patch, strict=True)]
    before = [count // 2 for count in missing]
    inner = tuple(slice(first, first + n) for first, n in zip(before, volume.shape[1:], strict=True))
    if not any(missing):
        return volume, (slice(None), *inner)
    # torch wants the last axis first
    widths = [width for first, count in zip(before, missing, strict=True) for width in (count - first, first)][::-1]
    return pad(volume, widths), (slice(None), *inner)


def gaussian(patch_size: tuple[int, ...]) -> torch.Tensor:
    """Return the weight of each voxel of a tile, highest in the middle, never zero, with the shape of a 3-D patch.

    Values are rounded to half precision, as nnU-Net's are: its smallest weights depend on that.
    """
    impulse = np.zeros(patch_size)
    impulse[tuple(size // 2 for size in patch_size)] = 1
    blurred = gaussian_filter(impulse, [size / 8 for size in patch_size], mode="constant", cval=0)
    weights = torch.from_numpy(blurred * (10 / blurred.max())).half().float()
    weights[weights == 0] = weights[weights > 0].min()
    return weights.reshape(patch_3d(patch_size))


def weighted_mean(
    volume: torch.Tensor,
    tiling: Tiling,
    weights: torch.Tensor,
    outputs: int,
    logits_of: Callable[[torch.Tensor, int], torch.Tensor],
) -> torch.Tensor:
    """Return the mean of what is predicted for each tile, weighted voxel by voxel.

    Args:
        volume: Not smaller than a patch, on the device where the mean is computed.
        tiling: Covers the volume.
        weights: Of the voxels of a tile, on the same device.
        outputs: Number of classes or regions.
        logits_of: Gives the float32 logits (outputs, *patch) of a tile, which it may not keep, and its number.
    """
    total = torch.zeros((outputs, *volume.shape[1:]), device=volume.device)
    weight = torch.zeros((1, *volume.shape[1:]), device=volume.device)
    for number in range(len(tiling.starts)):
        box = tiling.box(number)
        logits = logits_of(volume[box], number).to(volume.device)
        total[box] += logits * weights
        weight[box] += weights
    return total.div_(weight)


def _starts(length: int, size: int, step: float) -> list[int]:
    """Spread tiles evenly from the first voxel to the last, as few as the step allows."""
    intervals = math.ceil((length - size) / (size * step))
    if intervals == 0:
        return [0]
    distance = (length - size) / intervals
    return [round(distance * index) for index in range(intervals + 1)]
