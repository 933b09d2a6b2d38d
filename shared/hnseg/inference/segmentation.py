"""Segmentation of images by a model alone, without a challenge, as nnU-Net's own predictor would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hnseg.imaging.channels import Channels, channels_of, check_count
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.files.reading import read_volume
from hnseg.inference.ensemble import Predictor
from hnseg.inference.further.asked import NO_FURTHER, FurtherMembers
from hnseg.inference.labelling.postprocessed import postprocess
from hnseg.inference.model.bundle_group import Model
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.prediction import PredictionResult
from hnseg.inference.predictor import begin_prediction
from hnseg.provenance import Provenance

Shape = tuple[int, ...]


def segment_images(  # noqa: PLR0913 (an image, its limits, and what it may tell)
    ensemble: Predictor,
    images: Sequence[Path],
    provenance: Provenance,
    *,
    deadline: Deadline,
    effort: Effort,
    probabilities: Callable[[Shape], np.memmap[Any, Any] | None] | None = None,
    uncertainty: bool = False,
    further: FurtherMembers = NO_FURTHER,
) -> PredictionResult:
    """Return the label map of an image, on the grid of its first channel, and what else the prediction tells.

    The label map is postprocessed as the model folder says, the uncertainty is that of before.

    Args:
        ensemble: Trained folds of one model or of several, loaded.
        images: Files of the channels, in the model's order.
        provenance: Record of what each step did, took and gave up, which tells the progress too; it is added to.
        deadline: Time by which it must have ended.
        effort: Most that may be done.
        probabilities: Function that makes the array for the probabilities, of floats, of the shape (k, z, y, x) it
            gets.
        uncertainty: Whether the uncertainty of the ensemble is computed too.
        further: Members that it has beyond the folds.

    Raises:
        InputError: There are more or fewer images than channels, or one can't be used or lies on another grid.
        DeadlineError: The time ran out.
        OutputError: The probabilities can't be written.
    """
    bundle = ensemble.bundle
    with provenance.step("read"):
        channels = _read(images, bundle)
        inputs = dict(zip(bundle.image_channels, map(sha256_of, images), strict=True))
        provenance.record(model_sha256=bundle.sha256, inputs_sha256=inputs)
    with provenance.step("predict"):
        prediction = begin_prediction(
            ensemble,
            channels,
            deadline,
            effort=effort,
            progress=provenance.progress.work_done,
            probabilities=probabilities((ensemble.outputs, *channels.grid.shape_zyx)) if probabilities else None,
            uncertainty=uncertainty,
            further=further,
        )
        del channels  # gone before the networks run
        predicted = prediction.predict()
        processed = postprocess(predicted.label_map, bundle.postprocessing)
        provenance.note(*predicted.notes, *processed.notes(bundle.dataset))
        provenance.record(**predicted.record, **processed.record)
    return replace(predicted, label_map=processed.label_map)


def _read(paths: Sequence[Path], bundle: Model) -> Channels:
    """Read one image a channel."""
    check_count(len(paths), bundle.image_channels)
    titles = [f"image of channel {channel}" for channel in bundle.image_channels]
    images = [read_volume(path, title=title) for path, title in zip(paths, titles, strict=True)]
    return channels_of(images, bundle.image_channels, titles=[str(path) for path in paths])
