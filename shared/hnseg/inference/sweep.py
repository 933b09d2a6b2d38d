"""Sweep over a volume: tiles pass through the networks slab by slab, and finished planes of logits come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from hnseg.errors import DeadlineError
from hnseg.imaging.box import Slices
from hnseg.inference.accumulation import Accumulation
from hnseg.inference.labelling.finished_plane import FinishedPlane
from hnseg.inference.planning.effort import TileEffort, Turn
from hnseg.inference.planning.further_pace import FurtherPace
from hnseg.inference.planning.group_passes import GroupPasses
from hnseg.inference.planning.schedule import Schedule
from hnseg.inference.planning.tiling import Tiling
from hnseg.progress.work_done import Progress, WorkDone

_LONG_S = 2.0  # a first pass that takes longer is not slowed down much by being the first


@dataclass(frozen=True)
class Sweep:
    """Sweep of an image's tiles through the networks, as the schedule says.

    Attributes:
        accumulation: Volume and sums over tiles.
        schedule: Schedule of the prediction; each pass is timed for its pace, and each tile counted.
        progress: Function called before each batch and after each tile; None for none.
        further: Pace of the members beyond the folds; None where there are none.
    """

    accumulation: Accumulation
    schedule: Schedule
    progress: Progress | None = None
    further: FurtherPace | None = None

    def planes(
        self, tiling: Tiling, next_of: Callable[[Tiling], Tiling | None], fixed: TileEffort | None = None
    ) -> Iterator[FinishedPlane]:
        """Yield the logits of the image's planes, slab by slab.

        They end early when the time is over and there is a label map already.

        Args:
            tiling: Tiling of the volume.
            next_of: Function that returns the tiling by which to go on with the rest, or None to end.
            fixed: Effort for each tile, without members beyond the folds; left out, it is by the time there is, and
                tiles are counted as done.

        Raises:
            DeadlineError: The time is over and there is no label map yet.
        """
        self.accumulation.begin(further=fixed is None)
        try:
            while tiling.along[0]:
                following = next_of(tiling)
                if following is None or not self._add_slab(following, fixed):
                    return
                yield from self.accumulation.finished_planes(following.finished_planes, first=following.along[0][0])
                tiling = following.rest
        finally:
            self.accumulation.end()

    def measure_a_pass(self) -> None:
        """Time a pass, once and where time is limited. The first is slower than others, and counted only if long.

        Raises:
            DeadlineError: The time is over.
        """
        schedule, layout = self.schedule, self.accumulation.execution.layout
        if not schedule.deadline.is_limited or schedule.pace.pass_s is not None:
            return
        self.accumulation.begin()
        mirrors = min(int(schedule.pace.full.mirrors), layout.copies_together)
        slab = schedule.tiling.slab
        tiles = [slab.box(start) for start in slab.starts[: layout.copies_together // mirrors]]
        seconds = 0.0
        for _ in range(2):
            started_s = schedule.deadline.clock()
            self.accumulation.add(tiles, TileEffort(1, mirrors).turns, schedule.check)
            seconds = schedule.deadline.clock() - started_s
            if seconds > _LONG_S and layout.networks_on.type == "cpu":
                break
        schedule.pace.measured(seconds, mirrors * len(tiles))
        self._leave_out_further()

    def _leave_out_further(self) -> None:
        """Give up the members beyond the folds, before the first tile, where the folds' passes take all of the time.

        They would take time even without a pass: planes are labelled with all members' logits.
        """
        tiles = len(self.accumulation.tiles_to_predict(self.schedule.tiling))
        if self.further is None or not self.further.has_none_left(tiles):
            return
        self.further.is_left_out = True
        self.accumulation.without_further()
        execution = self.accumulation.execution
        self.schedule.label_with(execution.ensemble.outputs * (1 + execution.layout.members))

    def _add_slab(self, tiling: Tiling, fixed: TileEffort | None) -> bool:
        """Add the first slab's tiles to the sums; False when the time is over and there is a label map already."""
        slab = self.accumulation.tiles_to_predict(tiling.slab)
        while slab:
            group = slab[: self._group_size(fixed)]
            given = self._add_group([tiling.box(start) for start in group], fixed)
            if given is None:
                return False
            slab = slab[len(group) :]
            if fixed is None:
                for _ in group:
                    self.schedule.tile_done(given)
                    self._report()
                self._add_further([tiling.box(start) for start in group])
        return True

    def _add_further(self, boxes: list[Slices]) -> None:
        """Let the members beyond the folds predict some tiles, as far as there is time."""
        if self.further is None:
            return
        for member in self.further.turns(len(boxes), self.accumulation.execution.layout.further):
            self.accumulation.add_further(member, boxes)

    def _group_size(self, fixed: TileEffort | None) -> int:
        """Return the number of tiles that all folds predict before the next ones."""
        pace = self.schedule.pace
        copies = (1 if pace.in_rounds else pace.full.mirrors) if fixed is None else fixed.mirrors
        return self.accumulation.execution.layout.tiles_a_group(int(copies))

    def _add_group(self, boxes: list[Slices], fixed: TileEffort | None) -> TileEffort | None:
        """Add some tiles, and time their passes; None when the time is over and there is a label map already.

        Raises:
            DeadlineError: The time is over and there is no label map yet.
        """
        schedule, pace = self.schedule, self.schedule.pace
        if schedule.planes.is_complete and not pace.has_time_for(len(boxes)):
            return None
        by_time = partial(pace.turns, len(boxes), self.accumulation.execution.layout.copies_together)
        turns, check = self._told(len(boxes), fixed, fixed.turns if fixed else by_time)
        started_s = schedule.deadline.clock()
        try:
            given = self.accumulation.add(boxes, turns, check)
        except DeadlineError:
            if schedule.planes.is_complete:
                return None
            raise
        # By now the tiles have been added to the sums, which takes time too.
        pace.measured(schedule.deadline.clock() - started_s, round(given.passes * len(boxes)))
        return given

    def _told(
        self, tiles: int, fixed: TileEffort | None, turns: Callable[[], Iterable[Turn]]
    ) -> tuple[Callable[[], Iterable[Turn]], Callable[[], None]]:
        """Return the turns on some tiles and the check before each batch, which tell the progress if asked to."""
        if self.progress is None:
            return turns, self.schedule.check
        together = self.accumulation.execution.layout.copies_together
        passes = GroupPasses(self.schedule, tiles, together, fixed, self.progress)
        return partial(passes.turns, turns), passes.check

    def _report(self) -> None:
        pace = self.schedule.pace
        of_tiles = pace.tiles_done + pace.tiles_left
        if self.progress is not None:
            done = WorkDone(pace.tiles_done / of_tiles, pace.tiles_done, of_tiles, of_folds=pace.full.folds)
            self.progress(done)
