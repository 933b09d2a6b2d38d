"""nnU-Net's sliding window: where tiles lie, how they are weighted, and their weighted mean.

A volume is (channels, z, y, x) in the network's axis order. A 2-D network's patch is one voxel deep.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

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

    @property
    def slabs(self) -> list[range]:
        """The numbers of the tiles that begin at the same plane, slab by slab."""
        planes = [plane for plane, _, _ in self.starts]
        firsts = [tile for tile, plane in enumerate(planes) if tile == 0 or plane != planes[tile - 1]]
        return [range(*ends) for ends in pairwise([*firsts, len(planes)])]

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


def mean_planes(
    shape: tuple[int, ...],
    tiling: Tiling,
    weights: torch.Tensor,
    logits_of: Callable[[range], Iterable[torch.Tensor]],
) -> Iterator[torch.Tensor]:
    """Yield the mean of what is predicted for each tile, weighted voxel by voxel, plane by plane along the first axis.

    A plane is finished when the tiles that are left begin after it, so the sums need only be as deep as a patch.

    Args:
        shape: Of all logits: (k, z, y, x), k classes or regions, the rest not smaller than a patch.
        tiling: Covers the volume.
        weights: Of the voxels of a tile, on the device where sums are to be, and of their type.
        logits_of: Gives the float32 logits (k, *patch) of some tiles, told by their numbers, one after another.

    Yields:
        (k, y, x), each in memory of its own.
    """
    outputs, _, *in_plane = shape
    depth = tiling.patch[0]
    total = weights.new_zeros((depth, outputs, *in_plane))
    weight = weights.new_zeros((depth, 1, *in_plane))
    slabs = tiling.slabs
    ends = [tiling.starts[slab.start][0] for slab in slabs[1:]] + [tiling.starts[-1][0] + depth]
    for slab, end in zip(slabs, ends, strict=True):
        numbers = iter(slab)
        for logits in logits_of(slab):
            rows, columns = tiling.box(next(numbers))[2:]
            total[..., rows, columns].addcmul_(logits.to(weights).transpose(0, 1), weights[:, None])
            weight[..., rows, columns] += weights[:, None]
            del logits  # before the networks run again; zip would keep it
        finished = end - tiling.starts[slab.start][0]
        for plane in range(finished):
            yield total[plane] / weight[plane]
        _move_up(total, finished)
        _move_up(weight, finished)


def _move_up(planes: torch.Tensor, count: int) -> None:
    """Drop the first planes, move the others to their place, and set those that follow to zero."""
    kept = len(planes) - count
    for plane in range(kept):
        planes[plane] = planes[plane + count]
    planes[kept:] = 0


def _starts(length: int, size: int, step: float) -> list[int]:
    """Spread tiles evenly from the first voxel to the last, as few as the step allows."""
    intervals = math.ceil((length - size) / (size * step))
    if intervals == 0:
        return [0]
    distance = (length - size) / intervals
    return [round(distance * index) for index in range(intervals + 1)]
