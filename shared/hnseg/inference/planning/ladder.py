"""Ladder of efforts for a volume: what is given up, rung by rung, where the time is short.

Mirrored copies go first, then the overlap of tiles up to `WIDE_STEP`, then folds, and last what is left of the overlap.
Before every slab of tiles the highest rung is taken that there is time for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.tiling import Tiling, Window

WIDE_STEP = 0.75
"""Distance between tiles, in patches, that is reached before folds are given up."""
WIDEST_STEP = 1.0
"""Largest distance between tiles, in patches, at which they still cover the volume."""


@dataclass(frozen=True)
class Rung:
    """Rung of a ladder: the tiles that cover the rest of a volume, and the effort for each of them.

    Attributes:
        tiling: Tiles that are left.
        step: Largest distance between them as a fraction of the patch.
        effort: Effort for each of them.
    """

    tiling: Tiling
    step: float
    effort: TileEffort

    @property
    def passes(self) -> float:
        """Number of passes of a network."""
        return self.tiling.count * self.effort.passes


@dataclass(frozen=True)
class Ladder:
    """Ladder from the full effort for a volume down to the least that still covers it.

    Attributes:
        window: Volume and patch.
        step: Distance between tiles, as a fraction of the patch, that was asked for.
        full: Effort for a tile where there is time for everything.
    """

    window: Window
    step: float
    full: TileEffort

    def rungs(self, first: int = 0) -> list[Rung]:
        """Return the rungs for a volume, from a plane on, the highest first; each takes fewer passes than the last."""
        folds = self.full.folds
        finest = Rung(self.window.tiling(self.step, first), self.step, self.full)
        wide = max(self.step, WIDE_STEP)
        rungs = [
            Rung(finest.tiling, self.step, TileEffort(folds, each)) for each in range(int(self.full.mirrors), 0, -1)
        ]
        rungs += self._wider(rungs[-1], self.window.tilings(self.step, wide, first))
        rungs += [Rung(rungs[-1].tiling, rungs[-1].step, TileEffort(each, 1)) for each in range(folds - 1, 0, -1)]
        return rungs + self._wider(rungs[-1], self.window.tilings(wide, WIDEST_STEP, first))

    def highest(self, passes: float, first: int = 0) -> Rung:
        """Return the highest rung that takes no more passes than a number, which may be infinite; or else the lowest.

        Args:
            passes: Number of passes that there is time for.
            first: Plane from which the volume is still to be covered.
        """
        rungs = self.rungs(first)
        return next((rung for rung in rungs if rung.passes <= passes), rungs[-1])

    def _wider(self, above: Rung, tilings: Sequence[Tiling]) -> list[Rung]:
        """Return a rung of the same effort for each smaller number of tiles, those that lie closest together."""
        by_count: dict[int, Rung] = {}
        for tiling in sorted(tilings, key=self.window.step_of):
            step = max(self.step, ceil(100 * self.window.step_of(tiling)) / 100)
            if tiling.count < above.tiling.count:
                by_count.setdefault(tiling.count, Rung(tiling, step, above.effort))
        return [by_count[count] for count in sorted(by_count, reverse=True)]
