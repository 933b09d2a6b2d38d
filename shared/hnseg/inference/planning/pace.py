"""Pace of the passes of networks, and the time that each tile may take of what is left.

Mirrored copies are given up first, then folds, but never the last one. How far apart tiles are is decided in
`hnseg.inference.planning.coverage`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hnseg.inference.planning.deadline import MARGIN, Deadline
from hnseg.inference.planning.effort import EffortSpent, TileEffort

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
    """

    full: TileEffort
    deadline: Deadline
    reserve_s: float = 0.0
    tiles_left: int = 0
    _seconds: float = 0.0
    _passes: float = 0.0
    _latest_s: float = 0.0
    _spent: list[TileEffort] = field(default_factory=list)

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
    def tiles_done(self) -> int:
        """Number of tiles that have got at least one pass."""
        return len(self._spent)

    @property
    def done(self) -> str:
        """Work done so far, in words."""
        if not self.tiles_done:
            return "loading and preparing"
        return f"{self.tiles_done} of {self.tiles_done + self.tiles_left} tiles"

    @property
    def next_effort(self) -> TileEffort:
        """Effort for each of the next tiles, as far as is known."""
        passes = self.passes_left / max(1, self.tiles_left)
        if passes >= self.full.passes:
            effort = self.full
        elif passes >= self.full.folds:
            effort = TileEffort(self.full.folds, int(passes) // self.full.folds)
        else:
            effort = TileEffort(max(1, int(passes)), 1)
        return effort

    def has_time_for(self, passes: int) -> bool:
        """Return whether so many passes end in time, even if one of them takes somewhat longer."""
        slowest_s = _SLOWER * max(self._latest_s, self.pass_s or 0.0)
        return not self.pass_s or self.time_left_s >= (passes - 1) * self.pass_s + slowest_s

    @property
    def in_rounds(self) -> bool:
        """Whether every fold predicts a tile once before any fold gets mirrored copies: time may end between."""
        if not self.deadline.is_limited or self.pass_s is None:
            return False
        is_short = self.passes_left < self.tiles_left * self.full.passes
        return is_short or self.pass_s * self.full.mirrors > _LONG_TURN * self.deadline.limit_s

    def allowance(self, tiles: int) -> Allowance:
        """Return the allowance for the next tiles: their part of the time that is left."""
        if not self.deadline.is_limited or self.pass_s is None:
            return Allowance(self.full)
        others = self.tiles_left - tiles
        part_s = self.time_left_s * tiles / self.tiles_left
        not_needed_s = self.time_left_s - others * self.full.passes * self.pass_s
        until_s = self.deadline.clock() + max(part_s, not_needed_s)
        return Allowance(self.full, self.in_rounds, self, until_s, others)

    def spend(self, effort: TileEffort) -> None:
        """Count a tile as done, with the effort that it got."""
        self._spent.append(effort)
        self.tiles_left -= 1

    def spent(self, step: float) -> EffortSpent:
        """Return the effort spent on all tiles so far, which were at most a step apart; zeros where there was none."""
        tiles, folds = len(self._spent), sum(effort.folds for effort in self._spent)
        passes = sum(effort.passes for effort in self._spent)
        return EffortSpent(step, tiles, round(passes), folds=folds / max(1, tiles), mirrors=passes / max(1, folds))


@dataclass(frozen=True)
class Allowance:
    """Effort and time allowed to some tiles.

    Attributes:
        effort: Most effort for each of them.
        in_rounds: Whether every fold predicts the tiles once before any fold gets mirrored copies.
        pace: Pace that says how long passes take; None where there is time for everything.
        until_s: End of the time for these tiles, by the deadline's clock.
        others: Number of tiles left for later, each of which needs a pass.
    """

    effort: TileEffort
    in_rounds: bool = False
    pace: Pace | None = None
    until_s: float = float("inf")
    others: int = 0

    def may_go_on(self, passes: int) -> bool:
        """Return whether there is time for so many passes more; each tile gets one pass in any case."""
        if self.pace is None or self.pace.pass_s is None:
            return True
        # To stop at the pass that comes nearest to the end takes neither more nor less than their part.
        is_due = self.pace.deadline.clock() + self.pace.pass_s * passes / 2 <= self.until_s
        return is_due and self.pace.has_time_for(passes + self.others)
