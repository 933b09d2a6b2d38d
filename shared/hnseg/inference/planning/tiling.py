"""Tiles of nnU-Net's sliding window: first voxels along each axis, and the order in which they come.

A volume is (z, y, x) in the network's axis order, or rolled: the axis along which tiles move on comes first.
A 2-D network's patch is one voxel deep. The tiles lie where nnU-Net's `compute_steps_for_sliding_window` puts them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hnseg.imaging.box import Slices

Shape3 = tuple[int, int, int]
Starts = tuple[int, ...]


@dataclass(frozen=True)
class Tiling:
    """Tiles that cover a volume, or what is left of it: every combination of their first voxels along the axes.

    Attributes:
        patch: Size of a tile in voxels.
        along: First voxels of tiles along each axis, ascending; none along the first when nothing is left.
    """

    patch: Shape3
    along: tuple[Starts, Starts, Starts]

    @property
    def count(self) -> int:
        """Number of tiles."""
        return math.prod(map(len, self.along))

    @property
    def starts(self) -> tuple[Shape3, ...]:
        """First voxel of each tile, slab by slab along the first axis."""
        return tuple((z, y, x) for z, y, x in product(*self.along))

    @property
    def slab(self) -> Tiling:
        """Tiles that begin at the first plane."""
        return Tiling(self.patch, (self.along[0][:1], *self.along[1:]))

    @property
    def rest(self) -> Tiling:
        """Tiles of all slabs but the first."""
        return Tiling(self.patch, (self.along[0][1:], *self.along[1:]))

    @property
    def finished_planes(self) -> int:
        """Number of planes, from that where the first slab begins, that no other slab reaches."""
        first, *others = self.along[0]
        return others[0] - first if others else self.patch[0]

    def box(self, start: Shape3) -> Slices:
        """Return the voxels of the tile that begins at one."""
        z, y, x = (slice(first, first + size) for first, size in zip(start, self.patch, strict=True))
        return (z, y, x)


@dataclass(frozen=True)
class Window:
    """Volume and the patch that slides over it.

    Attributes:
        shape: Size of the volume in voxels, at least the patch's.
        patch: Size of the patch in voxels.
        is_flat: Whether the network predicts every plane along the first axis by itself.
    """

    shape: Shape3
    patch: Shape3
    is_flat: bool = False

    def tiling(self, step: float, first: int = 0) -> Tiling:
        """Return the tiles, at most a fraction of the patch apart, that cover the volume from a plane on.

        These are tiles of the whole volume's tiling where one of them begins at that plane.
        """
        whole = self._spread(self._counts(step, 0), 0)
        if first in whole.along[0]:
            return Tiling(self.patch, (whole.along[0][whole.along[0].index(first) :], *whole.along[1:]))
        return self._spread(self._counts(step, first), first)

    def tilings(self, fine: float, wide: float, first: int = 0) -> list[Tiling]:
        """Return every tiling of the volume, from a plane on, whose distances lie between two fractions of a patch."""
        most, least = self._counts(fine, first), self._counts(wide, first)
        return [
            self._spread(counts, first)
            for counts in product(*(range(low, high + 1) for low, high in zip(least, most, strict=True)))
        ]

    def step_of(self, tiling: Tiling) -> float:
        """Return the largest distance between tiles, as a fraction of the patch; 0 for a tile that is alone."""
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


def patch_around(index: Sequence[float], patch: Sequence[int], shape: Sequence[int]) -> Slices:
    """Return the voxels of a patch that is centred on a voxel, and shifted to lie inside a volume.

    Args:
        index: Index of the voxel, rounded; it may lie outside.
        patch: Size of the patch in voxels.
        shape: Size of the volume, at least the patch's.

    >>> patch_around((0.4, 9.0, 30.0), (4, 4, 4), (8, 20, 20))
    (slice(0, 4, None), slice(7, 11, None), slice(16, 20, None))
    """
    firsts = (
        min(max(round(at) - size // 2, 0), length - size) for at, size, length in zip(index, patch, shape, strict=True)
    )
    z, y, x = (slice(first, first + size) for first, size in zip(firsts, patch, strict=True))
    return (z, y, x)


def patch_3d(patch_size: tuple[int, ...]) -> Shape3:
    """Return a patch size with three numbers, a 2-D one with a depth of one voxel."""
    z, y, x = (1,) * (3 - len(patch_size)) + patch_size
    return (z, y, x)


def _spread(length: int, size: int, count: int) -> Starts:
    """Spread tiles evenly from the first voxel to the last."""
    distance = (length - size) / max(1, count - 1)
    return tuple(round(distance * index) for index in range(count))
