"""Effort for the tiles of a case: the most that may be done, the effort each tile gets, and the effort spent.

The full effort for a tile is every fold on every mirrored copy. A tile's logits are the mean over the passes it got, so
tiles of different effort fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hnseg.inference.planning.deadline import Deadline
from hnseg.options import Skip


@dataclass(frozen=True)
class Effort:
    """Most that may be done for a case.

    Attributes:
        step: Distance between tiles as a fraction of the patch, over 0 and at most 1.
        mirroring: Whether mirrored copies are used, along the axes that the model was trained for.
        skip: Tiles that the networks need not predict, so that voxels in no other tile are background: those of `air`,
            or those `far` from where the method says its targets can be.
        most_folds: Number of folds that see a tile, the first ones; None for all.
    """

    step: float = 0.5
    mirroring: bool = True
    skip: Skip = "none"
    most_folds: int | None = None


FULL_EFFORT = Effort()
"""Effort of nnU-Net's own predictor."""


@dataclass(frozen=True)
class TileEffort:
    """Effort for one tile: the passes of networks that its logits are the mean of.

    Attributes:
        folds: Number of folds.
        mirrors: Number of copies that each of these folds predicts, the tile itself being the first; a mean, so that it
            may be a fraction.
    """

    folds: int
    mirrors: float

    @property
    def passes(self) -> float:
        """Number of passes of a network."""
        return self.folds * self.mirrors

    def turns(self, copies: int | None = None) -> Iterator[Turn]:
        """Yield turns of so many copies, or all: every fold has one before any fold gets the next copies."""
        mirrors = int(self.mirrors)
        copies = copies or mirrors
        for first in range(0, mirrors, copies):
            for fold in range(self.folds):
                yield Turn(fold, first, min(copies, mirrors - first))


@dataclass(frozen=True)
class Turn:
    """Turn of one fold: some mirrored copies of a tile, one after another.

    Attributes:
        fold: Index of the fold.
        first: Index of the first copy.
        count: Number of copies.
    """

    fold: int
    first: int
    count: int


@dataclass
class SlabEffort:
    """Effort for the tiles that begin at one plane.

    Attributes:
        first: Plane at which they begin.
        step: Largest distance between them as a fraction of the patch.
        tiles: Effort for each of them, as far as they are done.
    """

    first: int
    step: float
    tiles: list[TileEffort] = field(default_factory=list)


@dataclass(frozen=True)
class EffortPlan:
    """Effort planned, at one moment, for all tiles that are left.

    Attributes:
        at_s: Time of the plan, in seconds since the case's time began to count.
        why: Reason for it, in words.
        tiles: Number of tiles still to be predicted.
        step: Largest distance between them as a fraction of the patch.
        folds: Number of folds for each of them.
        mirrors: Number of copies that each of these folds predicts.
        pass_s: Seconds that a pass takes, as far as is known.
        where: Devices that run the networks and hold the sums over tiles, in words.
    """

    at_s: float
    why: str
    tiles: int
    step: float
    folds: int
    mirrors: float
    pass_s: float
    where: str

    def __str__(self) -> str:
        return (
            f"{self.tiles} tiles, {self.step:g} of a patch apart, {self.folds} folds, {self.mirrors} mirrored copies,"
            f" {self.pass_s:.3g} s a pass, {self.where}, after {self.at_s:.1f} s ({self.why})"
        )

    def is_like(self, other: EffortPlan) -> bool:
        """Return whether both plans do the same with every tile."""
        return (self.step, self.folds, self.mirrors, self.where) == (
            other.step,
            other.folds,
            other.mirrors,
            other.where,
        )


@dataclass(frozen=True)
class EffortSpent:
    """Effort spent on a case.

    Attributes:
        step: Largest distance between tiles as a fraction of the patch.
        tiles: Number of tiles that the networks predicted.
        passes: Number of passes of a network, a copy of a tile each.
        folds: Mean number of folds a tile got.
        mirrors: Mean number of copies each of those folds predicted.
    """

    step: float
    tiles: int
    passes: int
    folds: float
    mirrors: float

    @classmethod
    def on(cls, slabs: Sequence[SlabEffort], step: float) -> EffortSpent:
        """Return the effort spent on some slabs, zeros where there is none, their tiles at least a step apart."""
        tiles = [tile for slab in slabs for tile in slab.tiles]
        folds, passes = sum(tile.folds for tile in tiles), sum(tile.passes for tile in tiles)
        return cls(
            step=max([step, *(slab.step for slab in slabs)]),
            tiles=len(tiles),
            passes=round(passes),
            folds=folds / max(1, len(tiles)),
            mirrors=passes / max(1, folds),
        )

    def notes(self, full: TileEffort, effort: Effort, deadline: Deadline) -> tuple[str, ...]:
        """Return a sentence for each thing that was given up of the full effort; none where nothing was."""
        end = f" to end within {deadline.limit_s:g} s."
        given_up = []
        if self.mirrors < full.mirrors:
            given_up.append(f"Each fold saw {_floored(self.mirrors)} of {full.mirrors} mirrored copies of a tile" + end)
        if self.step > effort.step:
            given_up.append(f"Tiles were up to {self.step:g} instead of {effort.step:g} of a patch apart" + end)
        if self.folds < full.folds:
            given_up.append(f"A tile was seen by {_floored(self.folds)} of {full.folds} folds" + end)
        return tuple(given_up)


def _floored(mean: float) -> str:
    """Return a mean with two digits at most, never rounded up to what it fell short of."""
    return f"{math.floor(100 * mean) / 100:g}"
