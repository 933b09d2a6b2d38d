"""Prediction of one image by several models in progress: one after another, and the mean of their probabilities."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import SimpleITK as sitk

from hnseg.errors import DeadlineError, MemoryShortError
from hnseg.imaging.channels import Channels
from hnseg.inference.ensemble import EnsembleGroup
from hnseg.inference.labelling.probability_planes import Probabilities
from hnseg.inference.planning.deadline import MARGIN, Deadline, ending_s
from hnseg.inference.planning.effort import Effort
from hnseg.inference.prediction import Prediction, PredictionResult
from hnseg.inference.several.group_result import ModelSeen, group_result
from hnseg.inference.several.probability_sum import ProbabilitySum
from hnseg.inference.several.shares import costs_of, order_of, share_of, without_finishing
from hnseg.progress.work_done import Progress, WorkDone

logger = logging.getLogger(__name__)

_NO_LABELS = sitk.Image([0, 0, 0], sitk.sitkUInt8)


@dataclass
class GroupPrediction:
    """Prediction of one image by several models, to be made once; it is used as `Prediction` is.

    A model that does not end within its share of the time is left out, or gives the planes that it has predicted.

    Attributes:
        group: Networks of all models.
        channels: Channels of the image; None once the last model has them.
        deadline: Deadline of the case.
        start: Function that starts the prediction of one model: `hnseg.inference.predictor.start_prediction`.
        effort: Most that may be done.
        progress: Function that gets the work done, of all models; None for none.
        probabilities: Array (k, z, y, x) on the image's grid that receives the mean; None for none.
        keeps_entropy: Whether the predictive entropy is made, that of the mean.
    """

    group: EnsembleGroup
    channels: Channels | None
    deadline: Deadline
    start: Callable[..., Prediction]
    effort: Effort
    progress: Progress | None = None
    probabilities: Probabilities | None = None
    keeps_entropy: bool = False
    _seen: list[ModelSeen] = field(default_factory=list, init=False)
    _running: Prediction | None = field(default=None, init=False)
    _delivery_s: float | None = field(default=None, init=False)
    _previewed_s: float | None = field(default=None, init=False)
    _kept_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Bring the image to the grid of the first model.

        Raises:
            ModelError: The number of channels is not the models'.
            InputError: The image does not fit into memory, or is not what a model's normalisation is for.
        """
        channels = self._channels
        self._sum = ProbabilitySum(self.group.outputs, channels.grid, self.probabilities)
        self._deadline = without_finishing(self.deadline, self.group.outputs, channels.grid)
        self._costs = costs_of(self.group.ensembles, channels.grid, self.effort)
        self._left = list(order_of(self._costs, self.deadline))
        self._running = self._begun()

    @property
    def is_complete(self) -> bool:
        """Whether there is a label map of the whole image, if only a preview of the first model."""
        return self._sum.models > 0 or (self._running is not None and self._running.is_complete)

    def preview(self) -> sitk.Image | None:
        """Return a first label map, of the first model alone, or None; see `Prediction.preview`."""
        if self._running is None:
            return None
        try:
            label_map = self._running.preview()
        except DeadlineError:
            self._end_model()
            return None
        self._previewed_s = self.deadline.clock()
        return label_map

    def predict(self) -> PredictionResult:
        """Let every model predict, as far as there is time, and return the label map of the mean.

        Raises:
            DeadlineError: The time was over before there was a label map of the whole image.
        """
        if self._previewed_s is not None:
            self._delivery_s = self.deadline.clock() - self._previewed_s
        while self._left:
            self._predict_next()
        if not self._sum.models:
            raise self.deadline.passed("before there was a label map")
        return self.result()

    def _predict_next(self) -> None:
        """Let the next model predict; where its time is over before its last plane, it ends there."""
        result = None
        with suppress(DeadlineError):
            if self._running is None:
                self._check_time()
                self._running = self._begun()
            result = self._running.predict()
        self._end_model(result)

    def result(self) -> PredictionResult:
        """Return the label map so far, of a prediction that is done, or was interrupted and `is_complete`."""
        alone = None
        if self._running is not None:
            alone = None if self._sum.models else self._running.result()
            self._end_model(alone, is_whole=False)
        self._sum.divide()
        label_map = self._sum.label_map(self.group.bundle.dataset) if alone is None else alone.label_map
        return group_result(self.group.bundle, self._seen, label_map, self.entropy())

    def entropy(self) -> sitk.Image | None:
        """Return the predictive entropy so far, a new image; None where it was not asked for."""
        return self._sum.entropy(has_regions=self.group.bundle.dataset.has_regions) if self.keeps_entropy else None

    @property
    def _channels(self) -> Channels:
        if self.channels is None:
            raise ValueError("channels must be there as long as a model has not begun")
        return self.channels

    def _begun(self) -> Prediction:
        """Start the next model's prediction, whose probabilities are added to those of the models before."""
        options: dict[str, Any] = {"effort": self.effort, "progress": self._reported, "added": self._sum.models > 0}
        given = self.group.ensembles[self._left[0]], self._channels, share_of(self._deadline, len(self._left))
        try:
            prediction = self.start(*given, probabilities=self._sum.array, **options)
        except MemoryShortError:
            if not self._sum.move_to_file():
                raise
            logger.info("the sum of probabilities is in a file now, since memory is short")
            prediction = self.start(*given, probabilities=self._sum.array, **options)
        prediction.schedule.delivery_s = self._delivery_s
        if len(self._left) == 1:
            self.channels = None  # as large as the image times their number: gone before the networks run
        return prediction

    def _check_time(self) -> None:
        """Stop where no more time is left than the last model took to bring the image to its grid, and the end takes.

        Raises:
            DeadlineError: It is so.
        """
        if self._deadline.is_limited:
            self._deadline.check("the models before", keep_s=self._kept_s)

    def _end_model(self, result: PredictionResult | None = None, *, is_whole: bool = True) -> None:
        """Count what the running model has given, and let go of it.

        Args:
            result: Result of the model; None where it was stopped.
            is_whole: Whether the result is of every plane and not a preview, in part or whole, which is replaced by
                the next model's.
        """
        name, running = self.group.bundle.names[self._left.pop(0)], self._running
        self._running = None
        planes = 0
        if running is not None:
            schedule = running.schedule
            self._kept_s = MARGIN * running.seconds["preprocessing"] + ending_s(schedule.size, schedule.delivery_s)
            if result is None and self._sum.models:
                planes = running.canvas.probability_planes
                self._sum.count_model(running.canvas.target, planes)
            elif result is not None and is_whole:
                self._sum.count_model(running.canvas.target)
        if result is not None:
            result = replace(result, label_map=_NO_LABELS)  # as large as the image
        self._seen.append(ModelSeen(name, result, planes))

    def _reported(self, work: WorkDone) -> None:
        """Report the work of all models, each of which has the part of all that it is expected to cost."""
        if self.progress is None:
            return
        costs, running = sum(self._costs), self._costs[self._left[0]]
        begin = 1 - sum(self._costs[model] for model in self._left) / costs
        part = work.as_part(begin, begin + running / costs)
        models = len(self._costs)
        self.progress(replace(part, model=models - len(self._left) + 1, of_models=models))
