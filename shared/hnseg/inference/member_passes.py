"""Passes of folds on their way to the members' sums: a tile's passes in a turn of its fold, then the next tile's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch

from hnseg.inference.ensemble import Axes

Pass = tuple[int, int, Axes]
"""Pass of a network: its fold, the tile's number in its group, and the axes along which the tile was flipped."""


class AddMean(Protocol):
    """Function that adds what a member saw in a tile to its sums."""

    def __call__(self, fold: int, tile: int, mean: torch.Tensor, passes: int, /) -> None:
        """Add the mean logits (k, *patch) over so many passes, which it may change; all of it, or nothing."""


@dataclass
class MemberPasses:
    """Passes of folds on a group of tiles, which are added to the members' sums as they end.

    Only one tile's logits of one member are kept. Each pass is added once, also where the group's passes are repeated
    in another way. Those on a tile of which any is not finite are left to the repetition.

    Attributes:
        add_mean: Function that adds the mean over a tile's passes to a member's sums.
        added: Passes that are in the sums; those added are put to them.
    """

    add_mean: AddMean
    added: set[Pass]
    _open: list[Pass] = field(default_factory=list, init=False)
    _total: torch.Tensor | None = field(default=None, init=False)

    def add(self, fold: int, tile: int, axes: Axes, logits: torch.Tensor) -> None:
        """Take the logits (k, *patch) of a pass; those of one fold on one tile come one after another."""
        if (fold, tile, axes) in self.added:
            return
        if self._open and self._open[0][:2] != (fold, tile):
            self.end_tile()
        if self._total is None:
            self._total = torch.empty_like(logits)
        if self._open:
            self._total += logits
        else:
            self._total.copy_(logits)
        self._open.append((fold, tile, axes))

    def end_tile(self) -> None:
        """Add what has come of a tile, if anything, to the sums of its member."""
        if not self._open or self._total is None:
            return
        (fold, tile, _), passes = self._open[0], len(self._open)
        if is_finite(self._total):
            self.add_mean(fold, tile, self._total.div_(passes), passes)
            self.added.update(self._open)
        self._open.clear()


def is_finite(logits: torch.Tensor) -> bool:
    """Return whether all numbers are finite, in one pass without memory: NaN is the extreme wherever there is one."""
    in_memory = logits.permute(sorted(range(logits.ndim), key=logits.stride, reverse=True))  # others would be copied
    return bool(torch.stack(torch.aminmax(in_memory)).isfinite().all())
