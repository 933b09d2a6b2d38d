"""nnU-Net's sliding window: where tiles lie, how they are weighted, and their weighted mean.

A volume is (channels, z, y, x) in the network's axis order, or rolled: the axis along which tiles move on comes first.
A 2-D network's patch is one voxel deep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import pad

from hnseg.imaging.box import Slices

Shape3 = tuple[int, int, int]
Starts = tuple[int, ...]


@dataclass(frozen=True)
class Tiling:
    """How tiles cover a volume, or what is left of it: every combination of their first voxels along the axes.

    Attributes:
        patch: The size of a tile.
        along: The first voxels of tiles along each axis, ascending; none along the first when nothing is left.
    """

    patch: Shape3
    along: tuple[Starts, Starts, Starts]

    @property
    def count(self) -> int:
        """Number of tiles."""
        return math.prod(map(len, self.along))

    @property
    def starts(self) -> tuple[Shape3, ...]:
        """The first voxel of each tile, slab by slab along the first axis."""
        return tuple((z, y, x) for z, y, x in product(*self.along))

    @property
    def slab(self) -> Tiling:
        """The tiles that begin at the first plane."""
        return Tiling(self.patch, (self.along[0][:1], *self.along[1:]))

    @property
    def rest(self) -> Tiling:
        """The tiles of all slabs but the first."""
        return Tiling(self.patch, (self.along[0][1:], *self.along[1:]))

    @property
    def finished(self) -> int:
        """How many planes, from that where the first slab begins, no other slab reaches."""
        first, *others = self.along[0]
        return others[0] - first if others else self.patch[0]

    def box(self, start: Shape3) -> Slices:
        """Return the voxels of the tile that begins at one."""
        z, y, x = (slice(first, first + size) for first, size in zip(start, self.patch, strict=True))
        return (z, y, x)


@dataclass(frozen=True)
class Window:
    """A volume and the patch that slides over it.

    Attributes:
        shape: The volume's, at least the patch's.
        patch: Its size.
        is_flat: Whether the network sees every plane along the first axis by itself.
    """

    shape: Shape3
    patch: Shape3
    is_flat: bool = False

    def tiling(self, step: float, first: int = 0) -> Tiling:
        """Cover the volume, from a plane on, with tiles that are at most a fraction of the patch apart."""
        return self._spread(self._counts(step, first), first)

    def tilings(self, fine: float, wide: float, first: int = 0) -> list[Tiling]:
        """Return every way to cover it with tiles that are as far apart as these fractions, or between them."""
        most, least = self._counts(fine, first), self._counts(wide, first)
        return [
            self._spread(counts, first)
            for counts in product(*(range(low, high + 1) for low, high in zip(least, most, strict=True)))
        ]

    def step_of(self, tiling: Tiling) -> float:
        """Return how far apart tiles are at most, as a fraction of the patch."""
        gaps = [
            (starts[-1] - starts[0]) / (len(starts) - 1) / size
            for starts, size in zip(tiling.along, tiling.patch, strict=True)
            if len(starts) > 1
        ]
        return max(gaps[1:] if self.is_flat and len(gaps) > 1 else gaps, default=0.0)

    def _counts(self, step: float, first: int) -> list[int]:
        lengths = (self.shape[0] - first, *self.shape[1:])
        counts = [
            1 + math.ceil((length - size) / (size * step)) for length, size in zip(lengths, self.patch, strict=True)
        ]
        return [lengths[0], *counts[1:]] if self.is_flat else counts

    def _spread(self, counts: tuple[int, ...] | list[int], first: int) -> Tiling:
        lengths = (self.shape[0] - first, *self.shape[1:])
        z, y, x = (_spread(*each) for each in zip(lengths, self.patch, counts, strict=True))
        return Tiling(self.patch, (tuple(first + start for start in z), y, x))


def patch_3d(patch_size: tuple[int, ...]) -> Shape3:
    """Return a patch size with three numbers."""
    z, y, x = (1,) * (3 - len(patch_size)) + patch_size
    return (z, y, x)


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


class RollingSums:
    """Weighted sums of what is predicted for tiles, as deep as a patch, and moving on along the first axis.

    A plane is finished when the tiles that are left begin after it, so the sums need be no deeper.
    """

    def __init__(self, outputs: int, in_plane: tuple[int, int], weights: torch.Tensor) -> None:
        """Begin with nothing.

        Args:
            outputs: Number of classes or regions, k.
            in_plane: Voxels of a plane (y, x).
            weights: Of the voxels of a tile, on the device where sums are to be, and of their type.
        """
        self._weights = weights
        self._total = weights.new_zeros((len(weights), outputs, *in_plane))
        self._weight = weights.new_zeros((len(weights), 1, *in_plane))

    def add(self, logits: torch.Tensor, rows: slice, columns: slice) -> None:
        """Add the float32 logits (k, *patch) of a tile that begins at the first plane."""
        addend = logits.to(self._weights).transpose(0, 1)  # first, because memory may end here
        self._total[..., rows, columns].addcmul_(addend, self._weights[:, None])
        self._weight[..., rows, columns] += self._weights[:, None]

    def mean(self, plane: int) -> torch.Tensor:
        """Return the mean (k, y, x) of a plane, counted from the first, in memory of its own.

        Where no tile was seen all logits are 0, which is background.
        """
        return self._total[plane] / self._weight[plane].clamp_min(self._weights.min())

    def drop(self, count: int) -> None:
        """Drop the first planes: the next tiles begin after them."""
        _move_up(self._total, count)
        _move_up(self._weight, count)

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Carry the sums elsewhere."""
        for name in ("_total", "_weight", "_weights"):
            setattr(self, name, getattr(self, name).to(device, dtype))


def _move_up(planes: torch.Tensor, count: int) -> None:
    """Drop the first planes, move the others to their place, and set those that follow to zero."""
    kept = len(planes) - count
    for plane in range(kept):
        planes[plane] = planes[plane + count]
    planes[kept:] = 0


def _spread(length: int, size: int, count: int) -> Starts:
    """Spread tiles evenly from the first voxel to the last."""
    distance = (length - size) / max(1, count - 1)
    return tuple(round(distance * index) for index in range(count))
