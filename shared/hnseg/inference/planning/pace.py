"""Pace of the passes of networks, and the turns of folds that there is time for.

How far apart tiles are, and how much each may get at all, is decided in `hnseg.inference.planning.ladder`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hnseg.inference.planning.deadline import MARGIN, Deadline
from hnseg.inference.planning.effort import TileEffort, Turn

_MEMORY = 0.1  # of the whole time: how long passes count
_LONG_TURN = 0.01  # of the whole time: too long to go on without checking the clock
_SLOWER = 1.5  # a single one may take so many times as long


@dataclass
class Pace:
    """Pace of a case's passes, by which the time left is divided among the tiles left.

    Attributes:
        full: Effort for a tile where there is time for everything.
        deadline: Deadline of the case.
        reserve_s: Seconds kept for finished planes on their way to the label map, and for all that follows.
        tiles_left: Number of tiles that the networks are still to predict.
        tiles_done: Number of tiles that have got at least one pass.
    """

    full: TileEffort
    deadline: Deadline
    reserve_s: float = 0.0
    tiles_left: int = 0
    tiles_done: int = 0
    _seconds: float = 0.0
    _passes: float = 0.0
    _latest_s: float = 0.0

    def measured(self, seconds: float, passes: int) -> None:
        """Learn the seconds some passes took; earlier ones count less, as a shared machine changes its speed."""
        kept = math.exp(-seconds / (_MEMORY * self.deadline.limit_s))
        self._seconds = self._seconds * kept + seconds
        self._passes = self._passes * kept + passes
        self._latest_s = seconds / passes

    @property
    def pass_s(self) -> float | None:
        """Seconds that a pass takes; None until one was measured."""
        return self._seconds / self._passes if self._passes else None

    @property
    def time_left_s(self) -> float:
        """Seconds left for passes."""
        return self.deadline.remaining_s() - self.reserve_s

    @property
    def passes_left(self) -> float:
        """Number of passes there is time for, with a margin; infinite where nothing was measured or limits it."""
        if not self.pass_s or not self.deadline.is_limited:
            return float("inf")
        return max(0.0, self.time_left_s) / (self.pass_s * MARGIN)

    @property
    def done(self) -> str:
        """Work done so far, in words."""
        if not self.tiles_done:
            return "loading and preparing"
        return f"{self.tiles_done} of {self.tiles_done + self.tiles_left} tiles"

    @property
    def in_rounds(self) -> bool:
        """Whether every fold predicts a tile once before any fold gets mirrored copies: time may end between."""
        if not self.deadline.is_limited or self.pass_s is None:
            return False
        is_short = self.passes_left < self.tiles_left * self.full.passes
        return is_short or self.pass_s * self.full.mirrors > _LONG_TURN * self.deadline.limit_s

    def tile_done(self) -> None:
        """Count a tile as done."""
        self.tiles_done += 1
        self.tiles_left -= 1

    def has_time_for(self, passes: int) -> bool:
        """Return whether so many passes end in time, even if one of them takes somewhat longer."""
        slowest_s = _SLOWER * max(self._latest_s, self.pass_s or 0.0)
        return not self.pass_s or self.time_left_s >= (passes - 1) * self.pass_s + slowest_s

    def turns(self, tiles: int, together: int) -> Iterator[Turn]:
        """Yield the folds' turns on the next tiles, as long as there is time.

        A turn must have ended when the next but one is asked for.

        Args:
            tiles: Number of these tiles.
            together: Number of copies that pass through a network together.
        """
        copies = max(1, together // tiles) if self.in_rounds else int(self.full.mirrors)
        started_s, until_s = self.deadline.clock(), self._end_of_part(tiles)
        for index, turn in enumerate(self.full.turns(copies)):
            if index == 1:
                until_s -= self._still_running_s(copies * tiles, started_s)
            if index and not self._may_go_on(turn.count * tiles, until_s, self.tiles_left - tiles):
                return
            yield turn

    def _end_of_part(self, tiles: int) -> float:
        """Return when the time for the next tiles ends: after their part of it, or what the others don't need."""
        if not self.deadline.is_limited or not self.pass_s:
            return float("inf")
        needed_s = (self.tiles_left - tiles) * self.full.passes * self.pass_s
        return self.deadline.clock() + max(self.time_left_s * tiles / self.tiles_left, self.time_left_s - needed_s)

    def _still_running_s(self, passes: int, started_s: float) -> float:
        """Return how long the passes of the first turn still run: a GPU is a turn behind whoever launches them."""
        return max(0.0, (self.pass_s or 0.0) * passes - (self.deadline.clock() - started_s))

    def _may_go_on(self, passes: int, until_s: float, others: int) -> bool:
        """Return whether there is time for so many passes before a time, and then for one pass of each other tile."""
        # To stop at the pass that comes nearest to the end takes neither more nor less than their part.
        is_due = self.deadline.clock() + (self.pass_s or 0.0) * passes / 2 <= until_s
        return is_due and self.has_time_for(passes + others)
