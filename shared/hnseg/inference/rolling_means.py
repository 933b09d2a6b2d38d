"""Weighted means of logits over tiles in half precision, which roll as sums do.

A mean has the size of logits, whatever the weights. Sums would not do: in the corners of an image a tile's weights are
as small as 1e-7, so that half precision has no digits left for their products.
"""

from __future__ import annotations

import torch

from hnseg.inference.rolling_sums import RollingSums, move_up, zero_logits

_LARGEST = 6e4  # float16 ends at 65504


class RollingMeans:
    """Weighted means of tiles' logits in float16, with the methods of `hnseg.inference.rolling_sums.RollingSums`."""

    def __init__(
        self, outputs: int, in_plane: tuple[int, int], weights: torch.Tensor, *, channels_last: bool = False
    ) -> None:
        """Begin with zeros; see `RollingSums`. Weights and their sums are in float32."""
        self._weights = weights
        shape = (len(weights), outputs, *in_plane)
        self._mean = zero_logits(shape, channels_last=channels_last, device=weights.device, dtype=torch.float16)
        self._weight = weights.new_zeros((len(weights), 1, *in_plane))

    @classmethod
    def of(cls, sums: RollingSums) -> RollingMeans:
        """Return the means of sums, which are still to be moved on."""
        weights, weight = sums.weights.float(), sums.weight.to(torch.float32, copy=True)
        means = cls(0, (0, 0), weights)
        means._weight, means._mean = weight, torch.empty_like(sums.total, dtype=torch.float16)
        for plane, into in enumerate(means._mean):
            into.copy_(sums.mean(plane).clamp_(-_LARGEST, _LARGEST))
        return means

    def add(self, logits: torch.Tensor, rows: slice, columns: slice, *, passes: int = 1) -> None:
        """Add the float32 logits (k, *patch) of a tile that begins at the first plane; see `RollingSums.add`."""
        addend, weight = logits.to(self._weights), self._weight[..., rows, columns]
        fractions = passes * self._weights[:, None] / (weight + passes * self._weights[:, None])
        former, new = (torch.empty_like(addend[:, 0]) for _ in range(2))  # no memory is taken after this
        weight.add_(self._weights[:, None], alpha=passes)
        for plane, fraction in enumerate(fractions):
            part = self._mean[plane, :, rows, columns]
            torch.clamp(addend[:, plane], -_LARGEST, _LARGEST, out=new)
            part.copy_(torch.lerp(former.copy_(part), new, fraction, out=former))

    def mean(self, plane: int) -> torch.Tensor:
        """Return the mean logits (k, y, x) of a plane, counted from the first, float32; 0 where no tile was added."""
        return self._mean[plane].float().contiguous()

    def is_seen(self, plane: int) -> torch.Tensor:
        """Return the voxels (y, x) of a plane, counted from the first, that a tile was added to."""
        seen: torch.Tensor = self._weight[plane, 0] > 0
        return seen

    def drop(self, count: int) -> None:
        """Drop the first planes: the next tiles begin after them."""
        move_up(self._mean, count)
        move_up(self._weight, count)

    def to(self, device: torch.device) -> None:
        """Move the means to another device."""
        for name in ("_mean", "_weight", "_weights"):
            setattr(self, name, getattr(self, name).to(device))
