"""Stages of a training: which are trained, from which weights each goes on, and which one is exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hnseg.errors import InputError
from hnseg.inference.model.manifest import Fold
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.prompts.settings import STAGES, Stage

FINAL = "checkpoint_final.pth"
"""Name of the checkpoint of a fold that is trained to its end."""


def at_stage(preset: Preset, stage: Stage) -> Preset:
    """Return a preset whose training is that of one of its stages.

    Raises:
        InputError: It has no stages.
    """
    if stage not in preset.stages:
        raise InputError(
            f"Only a preset with stages has the stage {stage}, but that of the plans {preset.plans_name} has"
            f" {', '.join(preset.stages) or 'none'}. Is --stage to be left out, or another --preset meant?"
        )
    return preset.model_copy(update={"stage": stage, "training": preset.stages[stage]})


def in_stages(preset: Preset, stage: Stage | None) -> list[Preset]:
    """Return the trainings of a preset in their order: that of a stage; those of all stages; without stages the one.

    Raises:
        InputError: The stage is not one of the preset's.
    """
    if stage is not None:
        return [at_stage(preset, stage)]
    return [at_stage(preset, each) for each in STAGES if each in preset.stages] or [preset]


def start_of(work: WorkFolder, preset: Preset, fold: Fold) -> Path | None:
    """Return the checkpoint that a fold goes on from: that of the stage before; None where there is none before.

    Raises:
        InputError: The fold is not trained in the stage before.
    """
    before = [stage for stage in STAGES[: STAGES.index(preset.stage)] if stage in preset.stages] if preset.stage else []
    if not before:
        return None
    checkpoint = checkpoint_of(work, at_stage(preset, before[-1]), fold)
    if not checkpoint.is_file():
        raise InputError(
            f"The stage {preset.stage} must go on from the weights of the stage {before[-1]}, but {checkpoint} is"
            f" missing. Train that stage first, or name other weights with --start-from."
        )
    return checkpoint


def last_trained(work: WorkFolder, preset: Preset, folds: Sequence[Fold]) -> Preset:
    """Return a preset at the last of its stages in which all of some folds are trained; at the first where none is."""
    trainings = in_stages(preset, None)
    whole = [each for each in trainings if all(checkpoint_of(work, each, fold).is_file() for fold in folds)]
    return whole[-1] if whole else trainings[0]


def checkpoint_of(work: WorkFolder, preset: Preset, fold: Fold) -> Path:
    """Return the checkpoint of a fold that is trained to its end; it need not exist."""
    return work.results(preset.result_name) / f"fold_{fold}" / FINAL
