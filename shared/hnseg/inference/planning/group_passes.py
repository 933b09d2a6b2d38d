"""Passes of all folds on a group of tiles, counted one batch after another, so that progress can be told.

What passes are made, and in which order, does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from hnseg.inference.planning.effort import TileEffort, Turn
from hnseg.inference.planning.schedule import Schedule
from hnseg.progress.work_done import Progress, Stage, WorkDone

_NO_TURN = Turn(-1, 0, 0)


@dataclass
class GroupPasses:
    """Passes on some tiles, told before each batch.

    Attributes:
        schedule: Schedule of the prediction, with the tiles done before.
        tiles: Number of tiles of the group.
        together: Number of copies of tiles that pass through a network together.
        fixed: Effort for each tile, of a preview or of planes predicted again, whose tiles are not counted; None where
            the effort is by the time there is.
        progress: Function that gets the work done.
    """

    schedule: Schedule
    tiles: int
    together: int
    fixed: TileEffort | None
    progress: Progress
    _ended: int = field(default=0, init=False)
    _turn: Turn = field(default=_NO_TURN, init=False)
    _batches: int = field(default=0, init=False)

    def turns(self, turns: Callable[[], Iterable[Turn]]) -> Iterator[Turn]:
        """Yield turns of folds on the tiles and count their passes; called again, it counts from none."""
        self._ended = 0
        for turn in turns():
            self._turn, self._batches = turn, 0
            yield turn
            self._ended += turn.count * self.tiles
        self._turn = _NO_TURN

    def check(self) -> None:
        """Stop once what is predicted could not be written any more, and else tell; called before every batch.

        Raises:
            DeadlineError: See `Schedule.check`.
        """
        self.schedule.check()
        self.progress(self.work_done)
        self._batches += 1

    @property
    def work_done(self) -> WorkDone:
        """Work done so far, of the whole image."""
        pace = self.schedule.pace
        of_turn = min(self._batches * self.together, self._turn.count * self.tiles)
        seen = 0.0 if self.fixed else self.tiles * min(1.0, (self._ended + of_turn) / self._expected)
        of_tiles = pace.tiles_done + pace.tiles_left
        return WorkDone(
            share=(pace.tiles_done + seen) / of_tiles if of_tiles else 0.0,
            tiles=pace.tiles_done,
            of_tiles=of_tiles,
            fold=self._turn.fold + 1,
            of_folds=pace.full.folds,
            stage=self._stage,
        )

    @property
    def _stage(self) -> Stage:
        if self.fixed is None:
            return ""
        return "first look" if self.schedule.planes.left else "seen again"

    @property
    def _expected(self) -> float:
        """Number of passes that the group is expected to get: all, or what there is time for."""
        pace = self.schedule.pace
        a_tile = pace.passes_left / max(1, pace.tiles_left)
        return self.tiles * min(pace.full.passes, max(1.0, a_tile))
