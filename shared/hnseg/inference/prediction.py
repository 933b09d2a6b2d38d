"""Prediction of one image in progress: a preview, then the best label map that there is time for, plane by plane."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import SimpleITK as sitk

from hnseg.inference.labelling.beside import fill_beside
from hnseg.inference.labelling.finished_plane import FinishedPlane
from hnseg.inference.labelling.label_map import Canvas
from hnseg.inference.labelling.structure_table import FurtherSeen
from hnseg.inference.labelling.uncertainty import NO_MEMORY, OF_THE_MEAN, Uncertainty, UncertaintyMap
from hnseg.inference.planning.effort import EffortPlan, EffortSpent
from hnseg.inference.planning.memory import name_of
from hnseg.inference.planning.schedule import PREVIEW, Schedule
from hnseg.inference.planning.tiling import Tiling
from hnseg.inference.sweep import Sweep
from hnseg.machine import GIB, free_ram_gib

logger = logging.getLogger(__name__)

_FLOAT = 4
_OF_FREE = 0.25  # of the memory that is free: planes that wait to be labelled beside a GPU
_STEPS = ("preprocessing", "first_look", "tiles", "label_map", "seen_again")


@dataclass(frozen=True)
class PredictionResult:
    """Label map of one image, and the effort and time it took.

    Attributes:
        label_map: Label map on the image's grid: uint8, or uint16 where a label is over 255.
        effort_spent: Effort spent on it.
        effort_full: Effort that was asked for: `step`, `folds` and `mirrors`, as in the one spent.
        notes: Sentences, one for each thing given up to keep to the limits, or done in another way.
        seconds: Seconds of each step: `preprocessing`, `first_look` (the preview), `tiles`, `label_map` and
            `seen_again` (planes predicted again). On a GPU the label map is made beside the tiles.
        plans: Effort plan for the first slab, and every change of it.
        computed_by: Values for the provenance on what ran the networks in the end; see `Execution.record`.
        uncertainty: Uncertainty of the label map; None where it was not asked for, or given up, which is noted.
        entropy: Predictive entropy in nats, float32, on the image's grid; None where it was not asked for by itself.
        previous_stage: Values for the provenance on a cascade's first stage, as in `record`; empty where there is none.
    """

    label_map: sitk.Image
    effort_spent: EffortSpent
    effort_full: Mapping[str, float]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    plans: tuple[EffortPlan, ...]
    computed_by: Mapping[str, str]
    uncertainty: Uncertainty | None = None
    entropy: sitk.Image | None = None
    previous_stage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> Mapping[str, Any]:
        """Values for the provenance: what computed, effort planned and spent, seconds taken, and how sure it is."""
        record = {
            **self.computed_by,
            "effort_spent": asdict(self.effort_spent),
            "effort_full": dict(self.effort_full),
            "predict_s": dict(self.seconds),
            "plans": [asdict(plan) for plan in self.plans],
        }
        if self.uncertainty is not None:
            record["uncertainty"] = self.uncertainty.table.model_dump(mode="json")
        return record | ({"previous_stage": dict(self.previous_stage)} if self.previous_stage else {})


@dataclass(frozen=True)
class StageRecord:
    """Record of a cascade's first stage, for the result of the second.

    Attributes:
        notes: Its notes, each a sentence that names it.
        values: Its values for the provenance; empty where there is no first stage.
    """

    notes: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, result: PredictionResult, configuration: str) -> StageRecord:
        """Return the record of a result of the first stage, trained in a configuration."""
        notes = tuple(f"First stage of the cascade, {configuration}: {note}" for note in result.notes)
        return cls(notes, {"configuration": configuration, **result.record})


NO_STAGE = StageRecord()
"""Record of no first stage."""


@dataclass
class Prediction:
    """Prediction of one image, to be made once; `hnseg.inference.predictor.start_prediction` starts one.

    `preview` may come first, for a label map early; then `predict`. A signal may interrupt either: where it
    `is_complete` by then, `result` is the best that there is.

    Attributes:
        sweep: Sweep of the image's tiles through the networks.
        canvas: Label map that is filled plane by plane.
        uncertainty_map: Uncertainty that is filled beside it; None where it was not asked for, or can't be had.
        refused: Why an uncertainty that was asked for, or members of it, can't be had, each a sentence.
        seconds: Seconds that each step has taken so far; see `PredictionResult`.
        previous: Record of a cascade's first stage, which is done.
    """

    sweep: Sweep
    canvas: Canvas
    uncertainty_map: UncertaintyMap | None = None
    refused: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STEPS, 0.0))
    previous: StageRecord = NO_STAGE
    _has_tried_preview: bool = False
    _previewed_s: float | None = None

    @property
    def schedule(self) -> Schedule:
        """Schedule of the prediction."""
        return self.sweep.schedule

    @property
    def is_complete(self) -> bool:
        """Whether there is a label map of the whole image, if only a preview."""
        return self.schedule.planes.is_complete

    def preview(self) -> sitk.Image | None:
        """Return a first label map, by one fold on few tiles, or None where the case is too short to be worth one.

        The time from here to `predict` is taken for that of delivering a label map, and is kept for the final one.

        Raises:
            DeadlineError: The time was over before it was done.
        """
        if not self._try_preview():
            return None
        self._previewed_s = self.schedule.deadline.clock()
        return self.canvas.label_map

    def predict(self) -> PredictionResult:
        """Predict every tile, as far as there is time, and return the label map.

        Where no preview was asked for, one is made all the same if it is worth it: it stays where time runs out.

        Raises:
            DeadlineError: The time was over before there was a label map of the whole image.
        """
        if self._previewed_s is not None:
            self.schedule.delivery_s = self.schedule.deadline.clock() - self._previewed_s
        elif not self._has_tried_preview:
            self._try_preview()
        self._fill(self.planes(), self._timed)
        if self.canvas.is_gradual and self.schedule.has_much_time_left:
            started_s = self.schedule.deadline.clock()
            self._fill(self._planes_again())
            self.seconds["seen_again"] = self.schedule.deadline.clock() - started_s
        return self.result()

    def result(self) -> PredictionResult:
        """Return the label map so far, of a prediction that is done, or was interrupted and `is_complete`."""
        accumulation, schedule = self.sweep.accumulation, self.schedule
        uncertainty, unsure = self._uncertainty()
        return PredictionResult(
            label_map=self.canvas.label_map,
            effort_spent=schedule.effort_spent,
            effort_full=schedule.effort_full,
            notes=self.previous.notes + accumulation.notes + schedule.notes(is_gradual=self.canvas.is_gradual) + unsure,
            seconds={step: round(taken, 3) for step, taken in self.seconds.items()},
            plans=tuple(schedule.plans),
            computed_by=accumulation.execution.record,
            uncertainty=uncertainty,
            entropy=self.entropy(),
            previous_stage=self.previous.values,
        )

    def entropy(self) -> sitk.Image | None:
        """Return the predictive entropy so far, a new image; None where it was not asked for by itself."""
        if not self.sweep.accumulation.execution.layout.entropy:
            return None
        return self.canvas.entropy() if self.uncertainty_map is None else self.uncertainty_map.entropy()

    def _uncertainty(self) -> tuple[Uncertainty | None, tuple[str, ...]]:
        """Return the uncertainty of the label map so far, None where there is none, and the notes on it."""
        layout = self.sweep.accumulation.execution.layout
        if layout.entropy and not layout.members:
            return None, (OF_THE_MEAN,)
        if self.uncertainty_map is None:
            return None, self.refused
        if not layout.members:
            return None, (NO_MEMORY,)
        pace = self.sweep.further
        begun_with = self.uncertainty_map.members - self.sweep.accumulation.execution.backend.folds
        seen = zip(pace.kinds[:begun_with], pace.shares, strict=False) if pace else ()
        further = [FurtherSeen(kind, share) for kind, share in seen]
        found = self.uncertainty_map.result(sums_in=name_of(layout.members_in), further=further)
        return found, (*self.refused, *found.table.notes, *(pace.notes(layout.further) if pace else ()))

    def planes(self) -> Iterator[FinishedPlane]:
        """Yield the logits of each plane along the axis on which they roll.

        Planes come in blocks, when all tiles that reach them are predicted. They end early when the time is over after
        a preview.

        Raises:
            DeadlineError: The time was over before every tile was predicted, and there was no preview.
        """
        self.sweep.measure_a_pass()
        clock = self.schedule.deadline.clock
        since_s = clock()
        for plane in self.sweep.planes(self.schedule.tiling, self._replanned):
            self.seconds["tiles"] += clock() - since_s
            yield plane
            self.schedule.plane_done()
            since_s = clock()

    def _fill(
        self,
        planes: Iterable[FinishedPlane],
        passed: Callable[[Iterable[FinishedPlane]], Iterable[FinishedPlane]] = iter,
    ) -> None:
        """Fill the canvas with planes; where a GPU predicts them, beside it.

        Args:
            planes: Logits of one plane after another.
            passed: Function by which they pass on their way to the canvas, in the thread that labels them.
        """
        if self.sweep.accumulation.execution.backend.device.type == "cpu":
            self._label(passed(planes))
        else:
            fill_beside(lambda arriving: self._label(passed(arriving)), planes, self._most_waiting())

    def _label(self, planes: Iterable[FinishedPlane]) -> None:
        """Label planes, and fill the uncertainty beside where it was asked for."""
        if self.uncertainty_map is None:
            self.canvas.fill(plane.mean for plane in planes)
        else:
            self.canvas.fill(self.uncertainty_map.beside(planes))

    def _timed(self, planes: Iterable[FinishedPlane]) -> Iterator[FinishedPlane]:
        """Yield planes to be labelled, and count each with the time that it took."""
        clock = self.schedule.deadline.clock
        for plane in planes:
            yielded_s = clock()
            yield plane
            labelling_s = clock() - yielded_s
            self.seconds["label_map"] += labelling_s
            self.schedule.plane_labelled(labelling_s)

    def _most_waiting(self) -> int:
        """Return the number of planes that may wait to be labelled: at most in a part of the memory that is free."""
        accumulation = self.sweep.accumulation
        _, rows, columns = accumulation.window.shape
        outputs = accumulation.execution.ensemble.outputs * (1 + accumulation.execution.layout.members)
        plane_gib = _FLOAT * outputs * rows * columns / GIB
        return max(2, int(_OF_FREE * free_ram_gib() / plane_gib))

    def _try_preview(self) -> bool:
        """Fill the canvas by one fold on few tiles; False where the case is too short to be worth it."""
        self._has_tried_preview = True
        self.sweep.measure_a_pass()
        schedule = self.schedule
        if not schedule.is_worth_a_preview:
            return False
        started_s = schedule.deadline.clock()
        self._fill(self.sweep.planes(schedule.preview_tiling, lambda left: left, PREVIEW))
        schedule.planes.has_preview = True
        self.seconds["first_look"] = schedule.deadline.clock() - started_s
        logger.info("first label map after %.1f s", schedule.deadline.elapsed_s())
        return True

    def _replanned(self, left: Tiling) -> Tiling:
        return self.schedule.replan(left, where=str(self.sweep.accumulation.execution.layout))

    def _planes_again(self) -> Iterator[FinishedPlane]:
        """Yield the first planes with nothing given up, as far as they had less and there is time."""
        schedule = self.schedule
        for plane in self.sweep.planes(schedule.begin_again(), schedule.next_again, schedule.pace.full):
            yield plane
            schedule.plane_done_again()
