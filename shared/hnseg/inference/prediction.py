"""One image on its way through the networks: a first look, then the best that there is time for, slab by slab."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from hnseg.errors import DeadlineError
from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.accumulation import Accumulation
from hnseg.inference.labelling.label_map import Canvas, Probabilities, Target
from hnseg.inference.planning.coverage import WIDEST_STEP, Plan, affordable
from hnseg.inference.planning.deadline import Allowance, Deadline, Effort, EffortSpent, Pace, Share, ending_s, reserve_s
from hnseg.inference.planning.tiling import Shape3, Tiling
from hnseg.inference.preprocessing.preprocess import Placement

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Ensemble

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Is told after some tiles how many are done and how many there are."""
Show = Callable[[sitk.Image], None]
"""Is given a first label map, which a better one will follow."""

_STEPS = ("preprocessing", "first_look", "tiles", "label_map", "seen_again")
_FIRST_LOOK = Allowance(Share(folds=1, mirrors=1))
_SHORT = 0.1  # of the time that is left: a case that takes no more needs no first look
_DEAR = 0.2  # of the passes that there is time for: a first look that takes more is not worth it
_MUCH = 0.1  # of the whole time: where so much is left, planes that had less are seen again
_LONG_S = 2.0  # a first pass that takes longer is not slowed down much by being the first


@dataclass(frozen=True)
class Prediction:
    """What an ensemble says of one image.

    Attributes:
        label_map: On the image's grid: uint8, or uint16 where a label is over 255.
        effort_spent: What was done for it.
        notes: What was given up to keep to the limits, a sentence each.
        seconds: How long each step took: `preprocessing`, `first_look`, `tiles`, `label_map` and `seen_again`.
        plans: What was planned, and every change of it.
    """

    label_map: sitk.Image
    effort_spent: EffortSpent
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    plans: tuple[Plan, ...]

    @property
    def record(self) -> Mapping[str, Any]:
        """What was planned, done, and taken, for the provenance."""
        return {
            "effort_spent": asdict(self.effort_spent),
            "predict_s": dict(self.seconds),
            "plans": [asdict(plan) for plan in self.plans],
        }


@dataclass
class Run:
    """One image and what may be done for it.

    Attributes:
        ensemble: Sees it.
        accumulation: The image as the network sees it.
        placement: Where that lies in the image.
        grid: The image's grid.
        deadline: When the case must have ended.
        effort: The most that may be done.
        progress: Is told how far it is.
        probabilities: Receives them; see `hnseg.inference.labelling.label_map.Canvas`.
        seconds: How long each step has taken so far.
    """

    ensemble: Ensemble
    accumulation: Accumulation
    placement: Placement
    grid: Grid
    deadline: Deadline
    effort: Effort
    progress: Progress | None = None
    probabilities: Probabilities | None = None
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STEPS, 0.0))

    def __post_init__(self) -> None:
        bundle = self.ensemble.bundle
        full = Share(folds=self.ensemble.backend.folds, mirrors=len(self.ensemble.mirrors(self.effort)))
        self._pace = Pace(full, self.deadline)
        self._step = self.effort.step
        self._plans: list[Plan] = []
        self._has_looked = self._is_coarse = False
        self._following_s: float | None = None
        self._planes_done = self._planes_again = self._tiles_skipped = 0
        self._planes_short = 0  # from the first on, to which a tile reaches that had less than everything
        self._keep_time(self._planes)
        resampling, rolls_along = bundle.configuration.resampling_of_logits, self.accumulation.room.rolls_along
        target = Target(self.placement, self.grid, bundle.dataset, resampling, rolls_along)
        self._canvas = Canvas(target, self.probabilities)

    @property
    def effort_spent(self) -> EffortSpent:
        """What has been done, without a first look and planes that were seen again."""
        return self._pace.spent(self._step)

    @property
    def is_complete(self) -> bool:
        """Whether there is a label map of the whole image, if only by a first look."""
        return self._has_looked or self._planes_done == self._planes

    def predict(self, show: Show | None = None) -> Prediction:
        """Let the networks see every tile, and make a label map of what they say.

        Args:
            show: Is given the label map of a first look, where the case takes long enough to be worth one.

        Raises:
            DeadlineError: The time was over before every tile was seen, if only by a first look.
        """
        self._try_out()
        if self._is_worth_a_first_look():
            self._look(show)
        self._canvas.fill(self.planes())
        is_done = self._planes_done == self._planes
        if is_done and self._canvas.is_gradual and self._pace.time_left_s > _MUCH * self.deadline.limit_s:
            started_s = self.deadline.clock()
            self._canvas.fill(self._planes_seen_again())
            self.seconds["seen_again"] = self.deadline.clock() - started_s
        return self.so_far()

    def so_far(self) -> Prediction:
        """Return what there is of a run that is done, or was interrupted and `is_complete`."""
        spent = self.effort_spent
        notes = list(spent.notes(self._pace.full, self.effort, self.deadline)) if spent.tiles else []
        if unfinished := self._planes - self._planes_done:
            unfinished = unfinished if self._canvas.is_gradual else self._planes
            notes.append(
                f"Of {self._planes} planes {unfinished} are those of a first look, by one fold on tiles that hardly"
                " overlap, because the case was stopped or its time was over."
            )
        if self._planes_again:
            notes.append(
                f"Of {self._planes} planes the first {self._planes_again} were seen again with nothing given up."
            )
        if self.effort.skip != "none":
            notes.append(f"The networks did not see {self._tiles_skipped} tiles, as skip={self.effort.skip} asks.")
        seconds = {step: round(taken, 3) for step, taken in self.seconds.items()}
        return Prediction(self._canvas.label_map, spent, tuple(notes), seconds, tuple(self._plans))

    def planes(self) -> Iterator[FloatArray]:
        """Yield the logits (k, y, x), k classes or regions, of each plane along the axis that they roll along.

        Planes come in blocks, when the tiles that reach them have been seen, and each is the receiver's own. They end
        early when the time is over after a first look.

        Raises:
            DeadlineError: The time was over before every tile was seen, and there was no first look.
        """
        self._try_out()
        self._planes_done = 0
        since_s = self.deadline.clock()
        for plane in self._sweep(self.accumulation.window.tiling(self.effort.step), self._replanned):
            handed_over_s = self.deadline.clock()
            self.seconds["tiles"] += handed_over_s - since_s
            yield plane
            since_s = self.deadline.clock()
            self.seconds["label_map"] += since_s - handed_over_s
            self._planes_done += 1
            self._keep_time(self._planes - self._planes_done)

    @property
    def _planes(self) -> int:
        return self.placement.network_shape[self.accumulation.room.rolls_along]

    def _try_out(self) -> None:
        """Measure a pass, once and where time is limited. The first is slower than others, and counted only if long."""
        if not self.deadline.is_limited or self._pace.pass_s is not None:
            return
        self.accumulation.begin()
        together = self.accumulation.room.together
        mirrors = min(int(self._pace.full.mirrors), together)
        slab = self.accumulation.window.tiling(self.effort.step).slab
        tiles = [slab.box(start) for start in slab.starts[: together // mirrors]]
        seconds = 0.0
        for _ in range(2):
            started_s = self.deadline.clock()
            self.accumulation.see(tiles, Allowance(Share(1, mirrors)), self._check)
            seconds = self.deadline.clock() - started_s
            if seconds > _LONG_S:
                break
        self._pace.measured(seconds, mirrors * len(tiles))

    def _is_worth_a_first_look(self) -> bool:
        window, passes = self.accumulation.window, self._pace.passes_left
        everything = window.tiling(self.effort.step).count * self._pace.full.passes
        look = window.tiling(WIDEST_STEP).count
        return everything > _SHORT * passes and look < min(_DEAR * passes, everything / 2)

    def _look(self, show: Show | None) -> None:
        """Fill the label map by one fold on few tiles, and see how long it takes to give it away."""
        started_s = self.deadline.clock()
        tiling = self.accumulation.window.tiling(WIDEST_STEP)
        self._canvas.fill(self._sweep(tiling, lambda left: left, _FIRST_LOOK))
        self._has_looked = True
        looked_s = self.deadline.clock()
        self.seconds["first_look"] = looked_s - started_s
        logger.info("first label map after %.1f s", self.deadline.elapsed_s())
        if show is not None:
            show(self._canvas.label_map)
            self._following_s = self.deadline.clock() - looked_s

    def _planes_seen_again(self) -> Iterator[FloatArray]:
        """Yield the first planes with nothing given up, as far as they had less and there is time."""
        self._keep_time(self._planes_short)
        tiling = self.accumulation.window.tiling(self.effort.step)
        for plane in self._sweep(tiling, self._if_short, Allowance(self._pace.full)):
            yield plane
            self._planes_again += 1

    def _if_short(self, left: Tiling) -> Tiling | None:
        """Return the tiles that are left if the next planes had less than everything, and there is time for it."""
        passes = left.slab.count * int(self._pace.full.passes)
        return left if left.along[0][0] < self._planes_short and self._pace.has_time_for(passes) else None

    def _sweep(
        self, tiling: Tiling, next_of: Callable[[Tiling], Tiling | None], fixed: Allowance | None = None
    ) -> Iterator[FloatArray]:
        """Yield the planes of all tiles, slab by slab.

        Args:
            tiling: Covers the volume.
            next_of: Returns how to go on with what is left, or None to end.
            fixed: What each tile gets; left out, what there is time for.
        """
        self.accumulation.begin()
        try:
            while tiling.along[0]:
                following = next_of(tiling)
                if following is None or not self._see_slab(following, fixed):
                    return
                yield from self.accumulation.finish(following.finished, first=following.along[0][0])
                tiling = following.rest
        finally:
            self.accumulation.end()

    def _see_slab(self, tiling: Tiling, fixed: Allowance | None) -> bool:
        """Let the networks see the first slab's tiles; False when the time is over and there is a label map already."""
        slab = self.accumulation.of_interest(tiling.slab)
        copies = int((fixed.share if fixed else self._pace.full).mirrors)
        while slab:
            in_rounds = self._pace.in_rounds if fixed is None else fixed.in_rounds
            group = slab[: self.accumulation.room.group(1 if in_rounds else copies)]
            if self.is_complete and not self._pace.has_time_for(len(group)):
                return False
            started_s = self.deadline.clock()
            boxes = [tiling.box(start) for start in group]
            try:
                given = self.accumulation.see(boxes, fixed or self._pace.allowance(len(group)), self._check)
            except DeadlineError:
                if self.is_complete:
                    return False
                raise
            # By now the tiles have been added to the sums, which takes time too.
            self._pace.measured(self.deadline.clock() - started_s, round(given.passes * len(group)))
            slab = slab[len(group) :]
            if fixed is None:
                self._count(group, given)
        return True

    def _replanned(self, current: Tiling) -> Tiling:
        """Choose how the rest of the volume is covered, and remember it where that is not what was planned."""
        step, chosen = self.effort.step, current
        of_interest = self._of_interest(current) / current.slab.count
        if self.deadline.is_limited and of_interest:
            passes = self._pace.passes_left / of_interest
            chosen = affordable(current, self.accumulation.window, step=step, full=self._pace.full, passes=passes)
        step = max(step, ceil(100 * self.accumulation.window.step_of(chosen)) / 100)
        self._is_coarse, self._step = step > self.effort.step, max(self._step, step)
        self._tiles_skipped += chosen.slab.count - self._of_interest(chosen)
        self._pace.tiles_left = self._of_interest(chosen) + ceil(of_interest * chosen.rest.count)
        self._remember_plan(chosen, step)
        return chosen

    def _of_interest(self, tiling: Tiling) -> int:
        """Return how many tiles of the first slab the networks will see."""
        return len(self.accumulation.of_interest(tiling.slab))

    def _remember_plan(self, tiling: Tiling, step: float) -> None:
        share = self._pace.share
        plan = Plan(
            at_s=round(self.deadline.elapsed_s(), 1),
            why="what passes take now" if self._plans else "the image's size, and what passes take",
            tiles=tiling.count,
            step=step,
            folds=share.folds,
            mirrors=share.mirrors,
            pass_s=round(self._pace.pass_s or 0.0, 4),
            where=str(self.accumulation.room),
        )
        if not self._plans or not plan.is_like(self._plans[-1]):
            self._plans.append(plan)
            logger.info("plan: %s", plan)

    def _check(self) -> None:
        """Stop once what is predicted could not be written any more."""
        self.deadline.check(self._pace.done, keep_s=ending_s(prod(self.grid.size_xyz)))

    def _keep_time(self, left: int) -> None:
        """Keep time for what follows so many planes, and to label these, going by how long others have taken."""
        self._pace.reserve_s = reserve_s(
            self.deadline,
            voxels=prod(self.placement.cropped_shape) * left // self._planes,
            outputs=self.ensemble.outputs,
            of=prod(self.grid.size_xyz),
            measured_s=self.seconds["label_map"] / max(1, self._planes_done) * left,
            following_s=self._following_s,
        )

    def _count(self, group: list[Shape3], given: Share) -> None:
        first = group[0][0]
        if (self._is_coarse or given.passes < self._pace.full.passes) and first <= self._planes_short:
            self._planes_short = first + self.accumulation.window.patch[0]
        for _ in group:
            self._pace.gave(given)
            if self.progress is not None:
                self.progress(self._pace.tiles_done, self._pace.tiles_done + self._pace.tiles_left)
