"""Weighted mean of logits over tiles, as in nnU-Net's sliding window: padding, weights, and sums that roll.

A volume is (channels, z, y, x) in the network's axis order, or rolled: the axis along which tiles move on comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import pad

from hnseg.inference.planning.tiling import Shape3, patch_3d


def pad_to_patch(volume: torch.Tensor, patch: Shape3) -> tuple[torch.Tensor, tuple[slice, ...]]:
    """Pad a volume smaller than a patch with zeros on both sides.

    Returns:
        The padded volume, itself where it is large enough, and the slices (c, z, y, x) of the volume in it.
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

    Values are rounded to half precision, as those of nnU-Net's `compute_gaussian`: its smallest weights depend on that.
    """
    impulse = np.zeros(patch_size)
    impulse[tuple(size // 2 for size in patch_size)] = 1
    blurred = gaussian_filter(impulse, [size / 8 for size in patch_size], mode="constant", cval=0)
    weights = torch.from_numpy(blurred * (10 / blurred.max())).half().float()
    weights[weights == 0] = weights[weights > 0].min()
    return weights.reshape(patch_3d(patch_size))


def zero_logits(
    shape: Sequence[int], *, channels_last: bool, device: torch.device, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Return zeros of a shape (n, k, ...), those of a voxel side by side in memory or those of a class."""
    count, outputs, *voxels = shape
    if channels_last:
        return torch.zeros((count, *voxels, outputs), device=device, dtype=dtype).movedim(-1, 1)
    return torch.zeros(tuple(shape), device=device, dtype=dtype)


class RollingSums:
    """Weighted sums of tiles' logits, as deep as a patch, which move on along the first axis.

    A plane is finished when the tiles that are left begin after it, so the sums need be no deeper. They lie in memory
    as the logits do, because to add numbers that lie in another order takes twice the time.

    Attributes:
        total: Sums (planes, k, y, x) of the weighted logits.
        weight: Sums (planes, 1, y, x) of their weights.
        weights: Weights (*patch) of the voxels of a tile.
    """

    def __init__(
        self, outputs: int, in_plane: tuple[int, int], weights: torch.Tensor, *, channels_last: bool = False
    ) -> None:
        """Begin with zeros.

        Args:
            outputs: Number of classes or regions, k.
            in_plane: Size of a plane in voxels, (y, x).
            weights: Weights (*patch) of the voxels of a tile, of the device and the type that the sums are to have.
            channels_last: Whether the logits of a voxel lie side by side in memory, and not those of a class.
        """
        self.weights, self._least_weight = weights, weights.min().item()
        shape = (len(weights), outputs, *in_plane)
        self.total = zero_logits(shape, channels_last=channels_last, device=weights.device, dtype=weights.dtype)
        self.weight = weights.new_zeros((len(weights), 1, *in_plane))

    def add(self, logits: torch.Tensor, rows: slice, columns: slice, *, passes: int = 1) -> None:
        """Add the float32 logits (k, *patch) of a tile that begins at the first plane.

        Args:
            logits: Logits, the mean over some passes.
            rows: Rows of the tile.
            columns: Columns of the tile.
            passes: Number of times that the tile counts.
        """
        addend = logits.to(self.weights).transpose(0, 1)  # first, because memory may end here
        self.total[..., rows, columns].addcmul_(addend, self.weights[:, None], value=passes)
        self.weight[..., rows, columns].add_(self.weights[:, None], alpha=passes)

    def mean(self, plane: int) -> torch.Tensor:
        """Return the mean logits (k, y, x) of a plane, counted from the first, class after class in memory of its own.

        Where no tile was added all logits are 0, which is background.
        """
        total, weight = self.total[plane], self.weight[plane].clamp_min(self._least_weight)
        return torch.div(total, weight, out=total.new_empty(total.shape))

    def is_seen(self, plane: int) -> torch.Tensor:
        """Return the voxels (y, x) of a plane, counted from the first, that a tile was added to."""
        seen: torch.Tensor = self.weight[plane, 0] > 0
        return seen

    def drop(self, count: int) -> None:
        """Drop the first planes: the next tiles begin after them."""
        move_up(self.total, count)
        move_up(self.weight, count)

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move the sums to another device or type."""
        for name in ("total", "weight", "weights"):
            setattr(self, name, getattr(self, name).to(device, dtype))


def move_up(planes: torch.Tensor, count: int) -> None:
    """Drop the first planes, move the others to their place, and set those that follow to zero."""
    kept = len(planes) - count
    for plane in range(kept):
        planes[plane] = planes[plane + count]
    planes[kept:] = 0
