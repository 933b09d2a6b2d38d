"""Effort for the tiles of a case: the most that may be done, the effort each tile gets, and the effort spent.

The full effort for a tile is every fold on every mirrored copy. A tile's logits are the mean over the passes it got, so
tiles of different effort fit together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    """

    step: float = 0.5
    mirroring: bool = True
    skip: Skip = "none"


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
