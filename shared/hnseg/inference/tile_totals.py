"""Totals of tiles' logits over the passes of the networks: of all passes, and of each member's where they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        members: Number of members whose totals are kept beside that of all; 0 for none.
    """

    shape: Sequence[int]
    device: torch.device
    channels_last: bool = False
    members: int = 0
    _total: torch.Tensor = field(init=False)
    _own: dict[int, torch.Tensor] = field(default_factory=dict, init=False)
    _passes: dict[int, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._total = self._zeros()

    def begin_turn(self, member: int, passes: int) -> None:
        """Count the passes of a member on every tile that are added next."""
        self._passes[member] = self._passes.get(member, 0) + passes
        if self.members and member not in self._own:
            self._own[member] = self._zeros()

    def add(self, tile: int, member: int, logits: torch.Tensor) -> None:
        """Add the logits (k, *patch) of one pass of a member on a tile."""
        self._total[tile] += logits
        if self.members:
            self._own[member][tile] += logits

    def mean(self) -> torch.Tensor:
        """Return the mean logits (n, k, *patch) over all passes, in the memory of their total; to be called once."""
        return self._total.div_(sum(self._passes.values()))

    def member_means(self) -> Iterator[tuple[int, torch.Tensor]]:
        """Yield each member that had a pass with its mean logits (n, k, *patch), where they are kept; as `mean`."""
        for member, total in self._own.items():
            yield member, total.div_(self._passes[member])

    def _zeros(self) -> torch.Tensor:
        return zero_logits(self.shape, channels_last=self.channels_last, device=self.device)
