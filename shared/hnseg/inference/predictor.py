"""Predictor: starts the prediction of an image by an ensemble, from its channels to the networks' input."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
import SimpleITK as sitk
import torch

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels, channels_of, check_model_channels
from hnseg.inference.accumulation import Accumulation
from hnseg.inference.backends.cuda_memory import free_vram_gib
from hnseg.inference.cascade.first_stage import predict_first_stage
from hnseg.inference.drawn_clicks import draw_clicks
from hnseg.inference.ensemble import Ensemble, EnsembleGroup, Predictor
from hnseg.inference.execution import Execution
from hnseg.inference.further.asked import NO_FURTHER, NO_UNCERTAINTY, FurtherMembers
from hnseg.inference.further.members import further_members
from hnseg.inference.further.passes import FurtherPasses
from hnseg.inference.labelling.label_map import Canvas, Target
from hnseg.inference.labelling.postprocessed import postprocess
from hnseg.inference.labelling.probability_planes import Probabilities
from hnseg.inference.labelling.uncertainty import NO_MEMORY, NOT_GRADUAL, UncertaintyMap
from hnseg.inference.planning.deadline import Deadline, LabelMapSize
from hnseg.inference.planning.effort import FULL_EFFORT, Effort
from hnseg.inference.planning.further_pace import FurtherPace
from hnseg.inference.planning.interest import interest_in
from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.planning.pace import Pace
from hnseg.inference.planning.schedule import Schedule
from hnseg.inference.prediction import Prediction, PredictionResult
from hnseg.inference.preprocessing.orientation import turned
from hnseg.inference.preprocessing.preprocess import Placement, place, preprocess
from hnseg.inference.several.group_prediction import GroupPrediction
from hnseg.inference.sweep import Sweep
from hnseg.machine import free_ram_gib
from hnseg.progress.work_done import Progress

AnyPrediction = Prediction | GroupPrediction
"""Prediction of one image by one model, or by several."""


def predict(
    ensemble: Predictor | Sequence[Ensemble],
    images: Channels | Sequence[sitk.Image],
    deadline: Deadline | None = None,
    *,
    effort: Effort = FULL_EFFORT,
) -> PredictionResult:
    """Predict one image, as nnU-Net would, or its `ensemble_folders` with several models.

    Args:
        ensemble: Trained networks, loaded; or those of several models, whose probabilities are averaged.
        images: Scalar 3-D images on one grid, one for each of the model's channels in their order; or channels that a
            challenge's method made.
        deadline: Time by which the case, not only this step, must have ended; None for none.
        effort: Most that may be done.

    Returns:
        The label map on the images' grid, postprocessed as the model folder says, and what was given up to keep to the
        deadline.

    Raises:
        InputError: There is not one image for each channel, they lie on different grids, the image does not fit into
            memory, or is not what the model's normalisation is for.
        ModelError: The number of channels is not the model's, or the probabilities of several can't be averaged.
        DeadlineError: The time was over before there was a label map of the whole image.
    """
    if isinstance(ensemble, Sequence):
        ensemble = EnsembleGroup.of(ensemble)
    channels = images if isinstance(images, Channels) else channels_of(images, ensemble.bundle.image_channels)
    result = begin_prediction(ensemble, channels, deadline or Deadline.never(), effort=effort).predict()
    processed = postprocess(result.label_map, ensemble.bundle.postprocessing)
    notes = (*result.notes, *processed.notes(ensemble.bundle.dataset))
    return replace(result, label_map=processed.label_map, notes=notes)


def begin_prediction(  # noqa: PLR0913 (an image, its limits, and what is made of it)
    ensemble: Predictor,
    channels: Channels,
    deadline: Deadline,
    *,
    effort: Effort = FULL_EFFORT,
    progress: Progress | None = None,
    probabilities: Probabilities | None = None,
    uncertainty: bool = False,
    entropy: bool = False,
    further: FurtherMembers = NO_FURTHER,
) -> AnyPrediction:
    """Return the prediction of an image by one model or by several, ready for the networks; see `start_prediction`.

    Of several models the channels are kept until the last one begins. Their entropy is that of the mean.

    Raises:
        ModelError: As `start_prediction` raises it.
        InputError: As `start_prediction` raises it; or an uncertainty is asked for of several models.
    """
    if not isinstance(ensemble, EnsembleGroup):
        return start_prediction(
            ensemble,
            channels,
            deadline,
            effort=effort,
            progress=progress,
            probabilities=probabilities,
            uncertainty=uncertainty,
            entropy=entropy,
            further=further,
        )
    if uncertainty:
        raise InputError(NO_UNCERTAINTY)
    return GroupPrediction(ensemble, channels, deadline, start_prediction, effort, progress, probabilities, entropy)


def start_prediction(  # noqa: PLR0913 (an image, its limits, and what is made of it)
    ensemble: Ensemble,
    channels: Channels,
    deadline: Deadline,
    *,
    effort: Effort = FULL_EFFORT,
    progress: Progress | None = None,
    probabilities: Probabilities | None = None,
    added: bool = False,
    uncertainty: bool = False,
    entropy: bool = False,
    further: FurtherMembers = NO_FURTHER,
) -> Prediction:
    """Bring an image to the network's grid, and return its prediction, ready for the networks.

    Of a cascade the first stage is predicted here, to its end. The channels are not needed any more then; they may take
    as much memory as all that follows.

    Args:
        ensemble: Trained networks, loaded.
        channels: Channels of the image in the order of the model's, as trained on.
        deadline: Time by which the case, not only this step, must have ended.
        effort: Most that may be done.
        progress: Function that gets the work done, before each batch and after each tile; None for none.
        probabilities: Array (k, z, y, x) on the channels' grid that receives those of each class, or region; see
            `hnseg.inference.labelling.label_map.Canvas`. It is counted with the memory of the case, unless it is a file
            mapped into memory.
        added: Whether the probabilities are added to those of models before, which the array holds.
        uncertainty: Whether the ensemble's uncertainty is made beside the label map. It is left out, with a note, where
            it does not fit into memory, or the model's logits are resampled by splines of an order over 1.
        entropy: Whether the predictive entropy is made whatever happens: with `uncertainty` that of its members, and
            where that is left out that of the ensemble's mean logits, with a note.
        further: Members that the uncertainty has beyond the folds. The label map is the folds' whatever they are. They
            are given up first where time or memory is short, with a note.

    Raises:
        ModelError: The number of channels is not the model's.
        InputError: The image does not fit into memory, is not what the model's normalisation is for, or the model
            gives no probabilities.
        DeadlineError: The time was over before a cascade's first stage had a label map.
    """
    bundle = ensemble.bundle
    check_model_channels(len(channels.array), bundle.image_channels, bundle.folder)
    first = predict_first_stage(start_prediction, ensemble, channels, deadline, effort=effort, progress=progress)
    started_s = time.monotonic()
    oriented = turned(channels) if bundle.plans.reorients else channels
    placement = place(oriented, bundle.plans, bundle.configuration)
    resampling = bundle.configuration.resampling_of_logits
    target = Target(placement, channels.grid, bundle.dataset, resampling)
    is_unsure = uncertainty and target.is_gradual
    beyond, refused = further_members(further, ensemble) if is_unsure else ((), ())
    folds = ensemble.backend.folds if is_unsure else 0
    kept = _take_memory(probabilities, added=added)
    layout = _memory_layout(ensemble, placement, folds, len(beyond), entropy=entropy, probabilities=kept)
    target = replace(target, rolls_along=layout.rolls_along)
    volume = torch.from_numpy(preprocess(oriented.array, placement, bundle.plans, bundle.configuration, first.labels))
    execution = Execution(ensemble, layout)
    draw_clicks(volume, channels.clicks, placement, execution)
    interest = interest_in(volume, channels, placement, skip=effort.skip, reorients=bundle.plans.reorients)
    passes = FurtherPasses(beyond, placement.network_mm, images=len(bundle.image_channels))
    accumulation = Accumulation(execution, volume, effort, interest, passes)
    schedule = Schedule(
        window=accumulation.window,
        effort=effort,
        size=_label_map_size(placement, layout, ensemble.outputs * (1 + layout.members)),
        pace=Pace(ensemble.full_effort(effort), deadline),
        tiles_to_predict=accumulation.tiles_to_predict,
    )
    pace = FurtherPace(schedule.pace, [member.kind for member in beyond]) if beyond else None
    sweep = Sweep(accumulation, schedule, first.progress_after(progress), pace)
    canvas = Canvas(target, probabilities, added=added)
    prediction = Prediction(sweep, canvas, refused=refused, previous=first.record)
    if uncertainty or entropy:
        _begin_uncertainty(prediction, target)
    prediction.seconds["preprocessing"] = time.monotonic() - started_s
    return prediction


def _take_memory(probabilities: Probabilities | None, *, added: bool) -> bool:
    """Return whether probabilities will take memory that they have not taken yet."""
    return probabilities is not None and not added and not isinstance(probabilities, np.memmap)


def _begin_uncertainty(prediction: Prediction, target: Target) -> None:
    """Let a prediction fill the uncertainty too, or the entropy alone, or say why it can't."""
    layout = prediction.sweep.accumulation.execution.layout
    if target.is_gradual and (layout.members or layout.entropy):
        temperatures = prediction.sweep.accumulation.execution.ensemble.bundle.temperatures
        prediction.uncertainty_map = UncertaintyMap(target, layout.members, temperatures)
    elif layout.entropy:
        prediction.canvas.keep_entropy()
    else:
        prediction.refused = (NO_MEMORY if target.is_gradual else NOT_GRADUAL,)


def _memory_layout(
    ensemble: Ensemble, placement: Placement, folds: int, further: int, *, entropy: bool, probabilities: bool
) -> MemoryLayout:
    """Return the fastest layout that fits into memory, of those that sum most members apart.

    Args:
        ensemble: Trained networks, loaded.
        placement: Placement of the network's grid in the image.
        folds: Number of folds to sum apart; 0 for no uncertainty.
        further: Number of members beyond them.
        entropy: Whether the entropy is kept, also where no members are summed apart.
        probabilities: Whether those of all outputs are kept in memory.

    Raises:
        InputError: None fits.
    """
    fastest = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    members = folds + further
    layout = replace(fastest, members=members, further=further, entropy=entropy, probabilities=probabilities)
    while not _fits(layout, ensemble, placement) and (smaller := layout.smaller()) is not None:
        layout = smaller
    need = MemoryNeed.of(placement, ensemble.bundle, layout, pass_gib=ensemble.backend.pass_gib)
    need.check(free_ram_gib(), placement, outputs=ensemble.outputs, on_gpu=layout.sums_on.type == "cuda")
    return layout


def _fits(layout: MemoryLayout, ensemble: Ensemble, placement: Placement) -> bool:
    need = MemoryNeed.of(placement, ensemble.bundle, layout, pass_gib=ensemble.backend.pass_gib)
    if layout.sums_on.type == "cuda":
        return need.predicting_gib < free_vram_gib(layout.sums_on, ensemble.vram_gib)
    return max(need.preparing_gib, need.labelling_gib + need.predicting_gib) < free_ram_gib()


def _label_map_size(placement: Placement, layout: MemoryLayout, outputs: int) -> LabelMapSize:
    return LabelMapSize(
        planes=placement.network_shape[layout.rolls_along],
        cropped_voxels=prod(placement.cropped_shape),
        voxels=prod(placement.grid.size_xyz),
        outputs=outputs,
    )
