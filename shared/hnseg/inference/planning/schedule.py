"""Schedule of the prediction of one image: its pace, its effort plans, and what comes next.

Pure decisions: no image, no network and no torch are needed to test them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from hnseg.inference.planning.deadline import Deadline, LabelMapSize, ending_s, reserve_s
from hnseg.inference.planning.effort import Effort, EffortPlan, EffortSpent, SlabEffort, TileEffort
from hnseg.inference.planning.ladder import WIDEST_STEP, Ladder, Rung
from hnseg.inference.planning.pace import Pace
from hnseg.inference.planning.tiling import Shape3, Tiling, Window

logger = logging.getLogger(__name__)

PREVIEW = TileEffort(folds=1, mirrors=1)
"""Effort for a tile of a preview."""
_SHORT = 0.1  # of the time that is left: a case that takes no more needs no preview
_DEAR = 0.2  # of the passes that there is time for: a preview that takes more is not worth it
_MUCH = 0.1  # of the whole time: where so much is left, planes that had less are predicted again


@dataclass
class PlanesDone:
    """Planes of the network's grid that have led to labels so far.

    Attributes:
        total: Number of planes along the axis on which they come one after another.
        slabs: Slab of tiles that finished each plane predicted, from the first on, a preview not counted.
        labelled: Number of planes predicted that have been labelled; fewer than those, where that is done beside.
        again: Number of planes, from the first on, that were predicted again with nothing given up.
        has_preview: Whether a preview has labelled all of them.
    """

    total: int
    slabs: list[SlabEffort] = field(default_factory=list)
    labelled: int = 0
    again: int = 0
    has_preview: bool = False

    @property
    def done(self) -> int:
        """Number of planes predicted."""
        return len(self.slabs)

    @property
    def left(self) -> int:
        """Number of planes still to be predicted."""
        return self.total - self.done

    @property
    def is_complete(self) -> bool:
        """Whether there is a label map of the whole image, if only a preview."""
        return self.has_preview or self.done == self.total

    def done_again(self, slab: SlabEffort) -> None:
        """Count the next of the planes predicted again."""
        self.slabs[self.again] = slab
        self.again += 1

    @property
    def distinct_slabs(self) -> list[SlabEffort]:
        """Slabs that planes have their labels from, each once."""
        return list({id(slab): slab for slab in self.slabs}.values())

    def notes(self, *, is_gradual: bool) -> tuple[str, ...]:
        """Return a sentence for planes that are only a preview's, and one for planes that were predicted again.

        Args:
            is_gradual: Whether labels are set plane by plane; if not, none was replaced before the last plane came.
        """
        notes = []
        if self.left:
            previewed = self.left if is_gradual else self.total
            notes.append(
                f"Of {self.total} planes {previewed} are those of a first look, by one fold on tiles that hardly"
                " overlap, because the case was stopped or its time was over."
            )
        if self.again:
            notes.append(f"Of {self.total} planes the first {self.again} were seen again with nothing given up.")
        return tuple(notes)


@dataclass
class Schedule:
    """Schedule of one image's prediction: the pace kept, the effort planned, and the planes done.

    Attributes:
        window: Volume and patch.
        effort: Most that may be done for the case.
        size: Size of the label map to be made.
        pace: Pace of the passes, with the full effort for a tile and the case's deadline.
        tiles_to_predict: Function that returns those tiles of a tiling, by their first voxels, that are not skipped.
        ladder: Efforts for the volume, from which one is taken before every slab.
        planes: Planes of the network's grid that are done so far.
        plans: Effort plans so far; one for the first slab, and one for every change.
        tiles_skipped: Number of tiles that were skipped.
        labelling_s: Seconds that labelling has taken so far.
        delivery_s: Seconds that the delivery of a preview took; None where there was none.
    """

    window: Window
    effort: Effort
    size: LabelMapSize
    pace: Pace
    tiles_to_predict: Callable[[Tiling], Sequence[Shape3]]
    ladder: Ladder = field(init=False)
    planes: PlanesDone = field(init=False)
    plans: list[EffortPlan] = field(default_factory=list)
    tiles_skipped: int = 0
    labelling_s: float = 0.0
    delivery_s: float | None = None

    def __post_init__(self) -> None:
        self.planes = PlanesDone(self.size.planes)
        self.ladder = Ladder(self.window, self.effort.step, self.pace.full)
        self._slab = SlabEffort(0, self.effort.step)
        self._short = 0  # number of planes to predict again
        self._keep_time(self.planes.total)

    @property
    def deadline(self) -> Deadline:
        """Deadline of the case."""
        return self.pace.deadline

    @property
    def tiling(self) -> Tiling:
        """Tiling of the whole volume as close as was asked for."""
        return self.window.tiling(self.effort.step)

    @property
    def preview_tiling(self) -> Tiling:
        """Tiling of the whole volume for a preview: tiles that hardly overlap."""
        return self.window.tiling(WIDEST_STEP)

    @property
    def effort_spent(self) -> EffortSpent:
        """Effort spent on the planes done, those predicted again as they are now; without a preview."""
        return EffortSpent.on(self.planes.distinct_slabs, self.effort.step)

    @property
    def effort_full(self) -> Mapping[str, float]:
        """Effort that was asked for, under the names of the one that was spent: `step`, `folds`, `mirrors`."""
        return {"step": self.effort.step, "folds": self.pace.full.folds, "mirrors": self.pace.full.mirrors}

    @property
    def is_worth_a_preview(self) -> bool:
        """Whether the case takes long enough for a preview, and the preview little enough of its time."""
        passes = self.pace.passes_left
        everything = self.tiling.count * self.pace.full.passes
        preview = self.preview_tiling.count
        return everything > _SHORT * passes and preview < min(_DEAR * passes, everything / 2)

    @property
    def has_much_time_left(self) -> bool:
        """Whether all planes are done, and so much time is left that those that had less can be predicted again."""
        return not self.planes.left and self.pace.time_left_s > _MUCH * self.deadline.limit_s

    def check(self) -> None:
        """Stop once what is predicted could not be written any more.

        Raises:
            DeadlineError: The time that is left is no longer than postprocessing, writing and ending take.
        """
        self.deadline.check(self.pace.done, keep_s=ending_s(self.size, self.delivery_s))

    def replan(self, current: Tiling, where: str) -> Tiling:
        """Return how the rest of the volume is covered, and keep the plan where it differs from the last one.

        Args:
            current: Rest of the present tiling, with at least one slab.
            where: Devices that run the networks and hold the sums, in words.
        """
        first = current.along[0][0]
        not_skipped = self._slab_count(current) / current.slab.count
        rung = self.ladder.highest(self.pace.passes_left / not_skipped if not_skipped else float("inf"), first)
        count = self._slab_count(rung.tiling)
        self.tiles_skipped += rung.tiling.slab.count - count
        self.pace.tiles_left = count + ceil(not_skipped * rung.tiling.rest.count)
        self._slab = SlabEffort(first, rung.step)
        self._keep_plan(rung, where)
        return rung.tiling

    def tile_done(self, effort: TileEffort) -> None:
        """Count a tile as done, with the effort that it got."""
        self._slab.tiles.append(effort)
        self.pace.tile_done()

    def plane_done(self) -> None:
        """Count a plane as predicted, and given to be labelled."""
        self.planes.slabs.append(self._slab)

    def plane_labelled(self, labelling_s: float) -> None:
        """Count a plane as labelled, and keep time to label the others at the speed of all so far."""
        self.planes.labelled += 1
        self.labelling_s += labelling_s
        self._keep_time(self.planes.total - self.planes.labelled)

    def begin_again(self) -> Tiling:
        """Return the tiling by which planes that had less are predicted again, and keep time to label them."""
        self._short = self._reach_of_less()
        self._keep_time(self._short)
        return self.tiling

    def next_again(self, left: Tiling) -> Tiling | None:
        """Return the rest of that tiling if its next planes had less and there is time for its slab, else None."""
        full, first, count = self.pace.full, left.along[0][0], self._slab_count(left)
        if first >= self._short or not self.pace.has_time_for(count * int(full.passes)):
            return None
        self._slab = SlabEffort(first, self.effort.step, [full] * count)
        return left

    def label_with(self, outputs: int) -> None:
        """Keep time to label with so many logits a voxel, of the ensemble and its members, from now on."""
        self.size = replace(self.size, outputs=outputs)
        self._keep_time(self.planes.total - self.planes.labelled)

    def plane_done_again(self) -> None:
        """Count a plane as predicted again."""
        self.planes.done_again(self._slab)

    def _reach_of_less(self) -> int:
        """Return the number of planes, from the first on, that are reached by tiles that had less, without a gap."""
        reach = 0
        for slab in self.planes.distinct_slabs:
            had_less = slab.step > self.effort.step or any(tile.passes < self.pace.full.passes for tile in slab.tiles)
            if had_less and slab.first <= reach:
                reach = slab.first + self.window.patch[0]
        return reach

    def notes(self, *, is_gradual: bool) -> tuple[str, ...]:
        """Return a sentence for each thing that was given up, left out or done twice; see `PlanesDone.notes`."""
        spent = self.effort_spent
        notes = spent.notes(self.pace.full, self.effort, self.deadline) if spent.tiles else ()
        notes += self.planes.notes(is_gradual=is_gradual)
        if self.effort.skip != "none":
            notes += (f"The networks did not see {self.tiles_skipped} tiles, as skip={self.effort.skip} asks.",)
        return notes

    def _slab_count(self, tiling: Tiling) -> int:
        """Return the number of tiles of the first slab that are not skipped."""
        return len(self.tiles_to_predict(tiling.slab))

    def _keep_plan(self, rung: Rung, where: str) -> None:
        plan = EffortPlan(
            at_s=round(self.deadline.elapsed_s(), 1),
            why="what passes take now" if self.plans else "the image's size, and what passes take",
            tiles=rung.tiling.count,
            step=rung.step,
            folds=rung.effort.folds,
            mirrors=rung.effort.mirrors,
            pass_s=round(self.pace.pass_s or 0.0, 4),
            where=where,
        )
        if not self.plans or not plan.is_like(self.plans[-1]):
            self.plans.append(plan)
            logger.info("plan: %s", plan)

    def _keep_time(self, planes_left: int) -> None:
        """Keep time to label so many planes, at the speed of those that are labelled, and for all that follows."""
        self.pace.reserve_s = reserve_s(
            self.deadline,
            self.size,
            planes_left=planes_left,
            measured_s=self.labelling_s / max(1, self.planes.labelled) * planes_left,
            delivery_s=self.delivery_s,
        )
