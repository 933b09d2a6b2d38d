"""Totals of tiles' logits over the passes of all folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from hnseg.inference.rolling_sums import zero_logits


@dataclass
class TileTotals:
    """Totals of the logits of n tiles over passes.

    Attributes:
        shape: Shape (n, k, *patch) of the logits of all tiles.
        device: Device of the logits.
        channels_last: Whether the logits of a voxel lie side by side in memory, and not those of a class.
    """

    shape: Sequence[int]
    device: torch.device
    channels_last: bool = False
    _total: torch.Tensor = field(init=False)
    _passes: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._total = zero_logits(self.shape, channels_last=self.channels_last, device=self.device)

    def begin_turn(self, passes: int) -> None:
        """Count the passes on every tile that are added next."""
        self._passes += passes

    def add(self, tile: int, logits: torch.Tensor) -> None:
        """Add the logits (k, *patch) of one pass on a tile."""
        self._total[tile] += logits

    def mean(self) -> torch.Tensor:
        """Return the mean logits (n, k, *patch) over all passes, in the memory of their total; to be called once."""
        return self._total.div_(self._passes)
