"""Time: when a case must have ended, and what each tile may still cost so that it does.

The full effort for a tile is every fold on every mirrored copy. A tile's logits are the mean over the passes it got, so
tiles of different effort fit together. How far apart tiles are is decided in `hnseg.inference.planning.coverage`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from hnseg.errors import DeadlineError
from hnseg.machine import process_started_s

_MARGIN = 1.1  # passes may become slower than those measured
_MEMORY = 0.1  # of the whole time: how long passes count
_LONG_TURN = 0.01  # of the whole time: too long to be without a look at the clock
_SLOWER = 1.5  # a single one may take so many times as long
_FOLLOWING_S_PER_VOXEL = 1e-8  # of the image: to finish and write a label map; 0.6e-8 s on the same processor
_END_S = 0.3  # for the process to end
_RESERVE = 0.05  # of the whole time: finishing, writing, ending
_LEAST_RESERVE = 0.02  # of the whole time, where it is known how long finishing and writing take
_EXPORT_S_PER_VOXEL = 2e-9  # and class; 0.2e-9 to 1.3e-9 s on one processor of 2024, most where no class leads clearly


Skip = Literal["none", "air", "far"]
"""Tiles that the networks don't see: see `Effort`."""


@dataclass(frozen=True)
class Deadline:
    """When a case must have ended.

    Attributes:
        limit_s: How long it may take; infinite for no limit.
        started_s: When its time began to count, by `clock`.
        clock: Gives the time in seconds.
    """

    limit_s: float
    started_s: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def never(cls) -> Deadline:
        """Return no deadline."""
        return cls(float("inf"), time.monotonic())

    @classmethod
    def from_process_start(cls, limit_s: float) -> Deadline:
        """Return the deadline of a process that may take so long, its imports included."""
        return cls(limit_s, process_started_s())

    @property
    def is_limited(self) -> bool:
        """Whether there is a deadline at all."""
        return self.limit_s != float("inf")

    def elapsed_s(self) -> float:
        """Return how much time has gone by."""
        return self.clock() - self.started_s

    def remaining_s(self) -> float:
        """Return how much time is left; negative once it is over."""
        return self.started_s + self.limit_s - self.clock()

    def check(self, done: str, keep_s: float = 0.0) -> None:
        """Stop once the time is over.

        Args:
            done: What had been done by then, for the sentence.
            keep_s: Time without which going on is of no use.

        Raises:
            DeadlineError: It is.
        """
        if self.remaining_s() <= keep_s:
            raise DeadlineError(
                f"The case must end within {self.limit_s:g} s, but they were over after {done}."
                " Is the machine slower than the model needs, or the limit too short for an image of this size?"
            )


@dataclass(frozen=True)
class Effort:
    """The most that may be done.

    Attributes:
        step: Distance between tiles as a fraction of the patch, over 0 and at most 1.
        mirroring: Whether mirrored copies are used, along the axes that the model was trained for.
        skip: Which tiles the networks need not see, so that what only they reach is background: those of `air`, or
            those `far` from where the method says its targets can be.
    """

    step: float = 0.5
    mirroring: bool = True
    skip: Skip = "none"


FULL_EFFORT = Effort()


@dataclass(frozen=True)
class Share:
    """What one tile gets: so many folds, each on so many copies (the tile itself being the first), in the mean."""

    folds: int
    mirrors: float

    @property
    def passes(self) -> float:
        """How often a network runs."""
        return self.folds * self.mirrors


@dataclass(frozen=True)
class EffortSpent:
    """What was done for a case.

    Attributes:
        step: Distance between tiles as a fraction of the patch, at most.
        tiles: Number of tiles that the networks saw.
        passes: How often a network ran for them.
        folds: Mean number of folds a tile got.
        mirrors: Mean number of copies each of those folds saw.
    """

    step: float
    tiles: int
    passes: int
    folds: float
    mirrors: float

    def notes(self, full: Share, effort: Effort, deadline: Deadline) -> tuple[str, ...]:
        """Say what was given up of the full effort, a sentence each."""
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


@dataclass
class Pace:
    """Divides the time that is left among the tiles that are left.

    Attributes:
        full: What a tile gets where time is plenty.
        deadline: When the case must have ended.
        reserve_s: Needed for what is not passes: finished planes on their way to the label map, and all that follows.
        tiles_left: That the networks are still to see.
    """

    full: Share
    deadline: Deadline
    reserve_s: float = 0.0
    tiles_left: int = 0
    _seconds: float = 0.0
    _passes: float = 0.0
    _latest_s: float = 0.0
    _spent: list[Share] = field(default_factory=list)

    def measured(self, seconds: float, passes: int) -> None:
        """Learn how long passes took; what is long ago counts less, because a shared machine changes its speed."""
        kept = math.exp(-seconds / (_MEMORY * self.deadline.limit_s))
        self._seconds = self._seconds * kept + seconds
        self._passes = self._passes * kept + passes
        self._latest_s = seconds / passes

    @property
    def pass_s(self) -> float | None:
        """How long a pass takes; None until one was measured."""
        return self._seconds / self._passes if self._passes else None

    @property
    def time_left_s(self) -> float:
        """How much time there is for passes."""
        return self.deadline.remaining_s() - self.reserve_s

    @property
    def passes_left(self) -> float:
        """How many passes there is time for, with a margin; infinite where nothing was measured or limits it."""
        if not self.pass_s or not self.deadline.is_limited:
            return float("inf")
        return max(0.0, self.time_left_s) / (self.pass_s * _MARGIN)

    @property
    def tiles_done(self) -> int:
        """How many tiles have got something."""
        return len(self._spent)

    @property
    def done(self) -> str:
        """What has been done, in words."""
        if not self.tiles_done:
            return "loading and preparing"
        return f"{self.tiles_done} of {self.tiles_done + self.tiles_left} tiles"

    @property
    def share(self) -> Share:
        """What the next tiles will get, as far as is known."""
        passes = self.passes_left / max(1, self.tiles_left)
        if passes >= self.full.passes:
            share = self.full
        elif passes >= self.full.folds:
            share = Share(self.full.folds, int(passes) // self.full.folds)
        else:
            share = Share(max(1, int(passes)), 1)
        return share

    def has_time_for(self, passes: int) -> bool:
        """Say whether so many passes end in time, even if one of them takes somewhat longer."""
        slowest_s = _SLOWER * max(self._latest_s, self.pass_s or 0.0)
        return not self.pass_s or self.time_left_s >= (passes - 1) * self.pass_s + slowest_s

    @property
    def in_rounds(self) -> bool:
        """Whether every fold is to see tiles once before any fold sees them mirrored: time may end between."""
        if not self.deadline.is_limited or self.pass_s is None:
            return False
        is_short = self.passes_left < self.tiles_left * self.full.passes
        return is_short or self.pass_s * self.full.mirrors > _LONG_TURN * self.deadline.limit_s

    def allowance(self, tiles: int) -> Allowance:
        """Return what the next tiles may have: their part of the time that is left."""
        if not self.deadline.is_limited or self.pass_s is None:
            return Allowance(self.full)
        others = self.tiles_left - tiles
        part_s = self.time_left_s * tiles / self.tiles_left
        not_needed_s = self.time_left_s - others * self.full.passes * self.pass_s
        until_s = self.deadline.clock() + max(part_s, not_needed_s)
        return Allowance(self.full, self.in_rounds, self, until_s, others)

    def gave(self, share: Share) -> None:
        """Remember what a tile got."""
        self._spent.append(share)
        self.tiles_left -= 1

    def spent(self, step: float) -> EffortSpent:
        """Sum up what all tiles got."""
        tiles, folds = len(self._spent), sum(share.folds for share in self._spent)
        passes = sum(share.passes for share in self._spent)
        return EffortSpent(step, tiles, round(passes), folds=folds / max(1, tiles), mirrors=passes / max(1, folds))


@dataclass(frozen=True)
class Allowance:
    """What some tiles may have.

    Attributes:
        share: The most that each of them gets.
        in_rounds: Whether every fold sees the tiles once before any fold sees them mirrored.
        pace: Tells how long passes take; None where there is time for everything.
        until_s: When the time for these tiles ends, by the deadline's clock.
        others: How many tiles are left for later, each of which needs a pass.
    """

    share: Share
    in_rounds: bool = False
    pace: Pace | None = None
    until_s: float = float("inf")
    others: int = 0

    def may_go_on(self, passes: int) -> bool:
        """Say whether there is time for so many passes more; each tile gets one pass in any case."""
        if self.pace is None or self.pace.pass_s is None:
            return True
        # To stop at the pass that comes nearest to the end takes neither more nor less than their part.
        is_due = self.pace.deadline.clock() + self.pace.pass_s * passes / 2 <= self.until_s
        return is_due and self.pace.has_time_for(passes + self.others)


def ending_s(of: int) -> float:
    """Return how long it takes to write a label map of so many voxels and to end, as far as can be told before."""
    return _END_S + _FOLLOWING_S_PER_VOXEL * of


def reserve_s(
    deadline: Deadline,
    *,
    voxels: int,
    outputs: int,
    of: int,
    measured_s: float = 0.0,
    following_s: float | None = None,
) -> float:
    """Return how long to keep for what is not passes while so many voxels of so many classes are to be labelled.

    Args:
        deadline: A part of its whole time is always kept.
        voxels: To be labelled.
        outputs: Classes or regions.
        of: Voxels of the image.
        measured_s: What labelling them takes going by those that are; a machine may be slower than was expected.
        following_s: What follows the label map took, where it has been done before.
    """
    labelling_s = max(_EXPORT_S_PER_VOXEL * voxels * outputs, _MARGIN * measured_s)
    if not deadline.is_limited:
        return labelling_s
    if following_s is None:
        return labelling_s + ending_s(of) + _RESERVE * deadline.limit_s
    return labelling_s + _END_S + 2 * _MARGIN * following_s + _LEAST_RESERVE * deadline.limit_s
