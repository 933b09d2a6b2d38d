"""Planning of a converted data set: nnU-Net's own fingerprint, planner and preprocessing, and a preset's overrides."""

from __future__ import annotations

import logging
from typing import Any

from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg_training.dataset.work_folder import CONFIGURATION, WorkFolder, read_json, write_json
from hnseg_training.fitting.network import by_zyx
from hnseg_training.fitting.preset import PRESETS, Preset
from hnseg_training.progress import on_terminal, stdout_to

logger = logging.getLogger(__name__)


def plan(work: WorkFolder, preset: Preset, *, workers: int) -> None:
    """Measure a converted data set, plan a preset and resample every case for it; earlier plans of it are replaced.

    Args:
        work: Work folder of a converted challenge.
        preset: Planner, and the values that override its decisions.
        workers: Processes that read and resample cases.
    """
    with work.nnunet_environment():
        _measure(work, workers)
        plans = write_plans(work, preset)
        configuration = plans["configurations"][CONFIGURATION]
        logger.info(
            "planned with %s: patch %s, batch %s, spacing %s mm (z, y, x)",
            preset.planner,
            by_zyx(configuration["patch_size"], plans),
            configuration["batch_size"],
            [round(value, 4) for value in by_zyx(configuration["spacing"], plans)],
        )
        _resample(work, preset, workers)


def _measure(work: WorkFolder, workers: int) -> None:
    """Write nnU-Net's fingerprint of the data set."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import extract_fingerprint_dataset

    with stdout_to(work.preprocessed / "plan.log"):
        logger.info("measuring the data set")
        extract_fingerprint_dataset(
            work.dataset_id, num_processes=workers, verbose=False, show_progress_bar=on_terminal()
        )


def _resample(work: WorkFolder, preset: Preset, workers: int) -> None:
    """Write every case as the plans of a preset resample and normalise it."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import preprocess_dataset

    with stdout_to(work.preprocessed / "plan.log"):
        logger.info("resampling the cases")
        preprocess_dataset(
            work.dataset_id, preset.plans_name, (CONFIGURATION,), (workers,), show_progress_bar=on_terminal()
        )


def write_plans(work: WorkFolder, preset: Preset) -> dict[str, Any]:
    """Write nnU-Net's plans of a measured data set with the preset's overrides, and return them.

    Args:
        work: Work folder with a fingerprint; plans of the same name are replaced.
        preset: Planner, and the values that override its decisions.
    """
    plans_file = work.plans_file(preset.plans_name)
    plans_file.unlink(missing_ok=True)  # the planner would merge its old configurations into the new plans
    # The planner takes the number of augmenting processes for a number of threads, which can't be 0.
    environment = work.nnunet_environment(augmenters=usable_threads())
    with environment, stdout_to(work.preprocessed / "plan.log"):
        _run_planner(work, preset)
    plans = preset.applied_to(read_json(plans_file))
    write_json(plans_file, plans)
    return plans


def _run_planner(work: WorkFolder, preset: Preset) -> None:
    """Write the plans of nnU-Net's planner; it is imported in nnU-Net's environment, which some of it reads then."""
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
        nnUNetPlannerResEncM,
    )
    from nnunetv2.experiment_planning.plan_and_preprocess_api import plan_experiment_dataset

    planners = {planner.__name__: planner for planner in (ExperimentPlanner, nnUNetPlannerResEncM)}
    plan_experiment_dataset(
        work.dataset_id,
        planners[preset.planner],
        overwrite_target_spacing=preset.spacing_zyx_mm,
        overwrite_plans_name=preset.plans_name,
    )


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
