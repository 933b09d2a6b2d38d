"""What is given up where the time is short: mirrored copies first, then the overlap of tiles, then folds.

Decided anew before every slab of tiles, from what passes have taken so far.
"""

from __future__ import annotations

from dataclasses import dataclass

from hnseg.inference.planning.deadline import Share
from hnseg.inference.planning.tiling import Tiling, Window

WIDE_STEP = 0.75
"""How far apart tiles may be, in patches, before folds are given up."""
WIDEST_STEP = 1.0
"""How far apart they may be before a case can't be done at all."""
_WELL_USED = 0.8  # of the passes that there is time for


@dataclass(frozen=True)
class Plan:
    """What was planned at one moment.

    Attributes:
        at_s: When, in seconds since the case's time began to count.
        why: What led to it.
        tiles: Still to be seen.
        step: Distance between them as a fraction of the patch, at most.
        folds: That each of them gets.
        mirrors: Copies that each of these folds sees.
        pass_s: How long a pass takes, as far as is known.
        where: What runs the networks, and where the sums over tiles are.
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

    def is_like(self, other: Plan) -> bool:
        """Say whether the same is to be done with every tile."""
        return (self.step, self.folds, self.mirrors, self.where) == (
            other.step,
            other.folds,
            other.mirrors,
            other.where,
        )


def affordable(current: Tiling, window: Window, *, step: float, full: Share, passes: float) -> Tiling:
    """Return how the rest of a volume is covered best with so many passes.

    Tiles stay as close as they were asked to be while every fold can see them. Then they move apart, up to `WIDE_STEP`
    as long as that leaves passes for every fold, and further only where one fold can't see them otherwise. Of the ways
    that use most of the passes the one is taken that keeps most folds, and of these the one with most tiles.

    Args:
        current: What is left of the present tiling, which stays where it serves as well.
        window: The volume.
        step: Distance between tiles, as a fraction of the patch, that was asked for.
        full: What a tile would get.
        passes: That there is time for.
    """
    first = current.along[0][0]
    finest = current if window.step_of(current) <= step else window.tiling(step, first)
    if finest.count * full.folds <= passes:
        return finest
    wide = max(step, WIDE_STEP)
    if window.tiling(wide, first).count > passes:
        return _most_tiles(window.tilings(wide, WIDEST_STEP, first), passes)
    ways = [current, finest, *window.tilings(step, wide, first)]

    def folds(way: Tiling) -> float:
        """Return how many folds there are passes for."""
        return min(full.folds, passes / way.count)

    def use(way: Tiling) -> float:
        """Return how many of the passes are used."""
        return folds(way) * way.count / passes

    well_used = [way for way in ways if use(way) >= _WELL_USED]
    # The first of equal ones, so that a plan is only changed for a better one.
    return max(well_used, key=lambda way: (folds(way), way.count)) if well_used else max(ways, key=use)


def _most_tiles(ways: list[Tiling], passes: float) -> Tiling:
    """Return the tiling with most tiles for which there are passes, and that with fewest if there is none."""
    few_enough = [way for way in ways if way.count <= passes]
    return max(few_enough, key=lambda way: way.count) if few_enough else min(ways, key=lambda way: way.count)
