"""First stage of a cascade, predicted before the second begins."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from hnseg.errors import DeadlineError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.stage_share import expected_voxels, first_stage_deadline, tiles_of
from hnseg.inference.prediction import NO_STAGE, Prediction, StageRecord
from hnseg.inference.preprocessing.orientation import turned, turned_array
from hnseg.inference.preprocessing.preprocess import place
from hnseg.inference.preprocessing.previous_labels import NO_PREVIOUS, PreviousLabels
from hnseg.progress.work_done import Progress

logger = logging.getLogger(__name__)


class StartPrediction(Protocol):
    """Function that starts a prediction: `hnseg.inference.predictor.start_prediction`."""

    def __call__(
        self,
        ensemble: Ensemble,
        channels: Channels,
        deadline: Deadline,
        *,
        effort: Effort,
        progress: Progress | None,
    ) -> Prediction:
        """Return the prediction, ready for the networks."""


@dataclass(frozen=True)
class FirstStage:
    """First stage of a cascade, done.

    Attributes:
        labels: Its label map, as the second stage gets it.
        record: Its notes, and its values for the provenance.
        share: Share of the passes of both stages that it is expected to take, 0 to 1.
    """

    labels: PreviousLabels
    record: StageRecord
    share: float = 0.0

    def progress_after(self, progress: Progress | None) -> Progress | None:
        """Return the function that the second stage reports its work to, that of the first counted with it."""
        if progress is None or not self.share:
            return progress
        return lambda work: progress(work.as_part(self.share, 1))


NO_FIRST_STAGE = FirstStage(NO_PREVIOUS, NO_STAGE)
"""First stage of a model that is no cascade."""


def predict_first_stage(
    start: StartPrediction,
    ensemble: Ensemble,
    channels: Channels,
    deadline: Deadline,
    *,
    effort: Effort,
    progress: Progress | None,
) -> FirstStage:
    """Predict the first stage of a cascade to its end, by all of its folds.

    It gets the part of the time that its passes are expected to take of those of both stages, and gives up what any
    prediction does where that is too short.

    Args:
        start: Function that starts its prediction.
        ensemble: Second stage, with the first one; `NO_FIRST_STAGE` is the result where there is none.
        channels: Channels of the image.
        deadline: Deadline of the case.
        effort: Most that may be done in each stage.
        progress: Function that gets the work done, of both stages; None for none.

    Raises:
        DeadlineError: Its part of the time was over before there was a label map.
        InputError: The image can't be used.
    """
    first = ensemble.previous
    if first is None:
        return NO_FIRST_STAGE
    name = first.bundle.configuration.name
    work, tiles = _expected(first, channels, effort)
    work_after, tiles_after = _expected(ensemble, channels, effort)
    part = first_stage_deadline(deadline, first=work, second=work_after)
    logger.info("first stage of the cascade: %s, about %d of %d tiles", name, tiles, tiles + tiles_after)
    share = work / (work + work_after)
    report = None if progress is None else lambda done: progress(replace(done.as_part(0, share), stage="first stage"))
    try:
        result = start(first, channels, part, effort=effort, progress=report).predict()
    except DeadlineError as error:
        raise deadline.passed(f"in the first stage of the cascade, {name}, which had {part.limit_s:.3g} s") from error
    labels = array_of(result.label_map)
    labels = turned_array(labels, channels.grid) if ensemble.bundle.plans.reorients else labels
    return FirstStage(
        PreviousLabels(np.asarray(labels), ensemble.bundle.previous_labels),
        StageRecord.of(result, name),
        share,
    )


def _expected(ensemble: Ensemble, channels: Channels, effort: Effort) -> tuple[int, int]:
    """Return the voxels that pass through an ensemble's networks for an image, and its tiles, with nothing given up."""
    bundle = ensemble.bundle
    oriented = turned(channels) if bundle.plans.reorients else channels
    shape = place(oriented, bundle.plans, bundle.configuration).network_shape
    patch = bundle.configuration.patch_size
    voxels = expected_voxels(shape, patch, step=effort.step, effort=ensemble.full_effort(effort))
    return voxels, tiles_of(shape, patch, effort.step)
