"""Coverage of a volume by tiles where the time is short: mirrored copies go first, then tiles' overlap, then folds.

Decided anew before every slab of tiles, from the time that passes have taken so far.
"""

from __future__ import annotations

from dataclasses import dataclass

from hnseg.inference.planning.effort import TileEffort
from hnseg.inference.planning.tiling import Tiling, Window

WIDE_STEP = 0.75
"""Distance between tiles, in patches, that is reached before folds are given up."""
WIDEST_STEP = 1.0
"""Largest distance between tiles, in patches, at which they still cover the volume."""
_WELL_USED = 0.8  # of the passes that there is time for


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


def affordable(current: Tiling, window: Window, *, step: float, full: TileEffort, passes: float) -> Tiling:
    """Return the best coverage of the rest of a volume by so many passes.

    Tiles stay as close as was asked for while there are passes for every fold. Then they move apart, up to `WIDE_STEP`
    as long as that leaves passes for every fold, and further only where there are not even passes for one fold. Of the
    tilings that use most of the passes the one is taken that keeps most folds, and of these the one with most tiles.

    Args:
        current: Rest of the present tiling, which stays where it serves as well.
        window: Volume and patch.
        step: Distance between tiles, as a fraction of the patch, that was asked for.
        full: Full effort for a tile.
        passes: Number of passes that there is time for; may be infinite.
    """
    first = current.along[0][0]
    finest = current if window.step_of(current) <= step else window.tiling(step, first)
    if finest.count * full.folds <= passes:
        return finest
    wide = max(step, WIDE_STEP)
    if window.tiling(wide, first).count > passes:
        return _most_tiles(window.tilings(wide, WIDEST_STEP, first), passes)
    tilings = [current, finest, *window.tilings(step, wide, first)]

    def folds(tiling: Tiling) -> float:
        """Return the mean number of folds that there are passes for."""
        return min(full.folds, passes / tiling.count)

    def use(tiling: Tiling) -> float:
        """Return the fraction of the passes that are used."""
        return folds(tiling) * tiling.count / passes

    well_used = [tiling for tiling in tilings if use(tiling) >= _WELL_USED]
    # The first of equal ones, so that a plan is only changed for a better one.
    if well_used:
        return max(well_used, key=lambda tiling: (folds(tiling), tiling.count))
    return max(tilings, key=use)


def _most_tiles(tilings: list[Tiling], passes: float) -> Tiling:
    """Return the tiling with most tiles for which there are passes, and that with fewest if there is none."""
    few_enough = [tiling for tiling in tilings if tiling.count <= passes]
    if few_enough:
        return max(few_enough, key=lambda tiling: tiling.count)
    return min(tilings, key=lambda tiling: tiling.count)
