"""Fingerprint, plan and preprocess a converted data set with nnU-Net's own functions."""

from __future__ import annotations

import logging
from pathlib import Path

from hnseg.errors import InputError
from hnseg_training.preset import PRESETS, Preset
from hnseg_training.progress import on_terminal, said_to
from hnseg_training.work_folder import CONFIGURATION, WorkFolder, read_json, write_json

logger = logging.getLogger(__name__)


def plan(work: WorkFolder, preset: Preset, *, workers: int) -> Path:
    """Plan a preset and preprocess every case for it; what is there from an earlier call is replaced.

    Args:
        work: A converted challenge.
        preset: Which planner, and what overrides it.
        workers: Processes that read and resample cases.

    Returns:
        The plans file.
    """
    work.enter(workers=workers)
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
        nnUNetPlannerResEncM,
    )
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprint_dataset,
        plan_experiment_dataset,
        preprocess_dataset,
    )

    planners = {planner.__name__: planner for planner in (ExperimentPlanner, nnUNetPlannerResEncM)}
    plans_file = work.plans_file(preset.plans_name)
    plans_file.unlink(missing_ok=True)  # the planner would merge its old configurations into the new plans
    with said_to(work.preprocessed / "plan.log"):
        logger.info("measuring the data set's fingerprint")
        extract_fingerprint_dataset(
            work.dataset_id, num_processes=workers, verbose=False, show_progress_bar=on_terminal()
        )
        logger.info("planning with %s", preset.planner)
        plan_experiment_dataset(
            work.dataset_id,
            planners[preset.planner],
            overwrite_target_spacing=preset.spacing_zyx_mm,
            overwrite_plans_name=preset.plans_name,
        )
        write_json(plans_file, preset.applied_to(read_json(plans_file)))
        logger.info("resampling the cases")
        preprocess_dataset(
            work.dataset_id, preset.plans_name, (CONFIGURATION,), (workers,), show_progress_bar=on_terminal()
        )
    configuration = read_json(plans_file)["configurations"][CONFIGURATION]
    logger.info(
        "planned: patch %s, batch %s, spacing %s mm (z, y, x)",
        configuration["patch_size"],
        configuration["batch_size"],
        [round(value, 4) for value in configuration["spacing"]],
    )
    return plans_file


def planned_preset(work: WorkFolder, name: str | None) -> Preset:
    """Return the preset to train or export: the named one, or the only one that was planned.

    Raises:
        InputError: It isn't planned, or several are and none was named.
    """
    planned = [key for key, preset in PRESETS.items() if work.plans_file(preset.plans_name).is_file()]
    if name is None and len(planned) == 1:
        return PRESETS[planned[0]]
    if name is None or name not in planned:
        raise InputError(
            f"{'One preset must be planned' if name is None else f'The preset {name!r} must be planned'} in"
            f" {work.preprocessed}, but {', '.join(planned) or 'none'} was found."
            f" {'Name one with --preset.' if planned else 'Was hnseg-train plan run?'}"
        )
    return PRESETS[name]
