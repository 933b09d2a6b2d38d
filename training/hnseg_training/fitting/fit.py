"""Training of folds with nnU-Net's own trainer, into a genuine nnU-Net result folder."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hnseg.errors import InputError
from hnseg.inference.model.manifest import METHOD_FILE, Fold
from hnseg.machine import usable_threads
from hnseg_training.dataset.augmentation import Augmentation, Perturbations
from hnseg_training.dataset.work_folder import CONFIGURATION, WorkFolder, read_json, write_json
from hnseg_training.fitting.checkpoints.resuming import states_in, whole_state
from hnseg_training.fitting.checkpoints.unfinished import remove_unfinished
from hnseg_training.fitting.first_weights import load_first_weights
from hnseg_training.fitting.hardening.record import asked_augmentation, augmentation_of, record_augmentation
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.prompts.channels import dataset_with_clicks, plans_with_clicks
from hnseg_training.fitting.prompts.settings import STAGES, Stage
from hnseg_training.fitting.stages import FINAL, start_of
from hnseg_training.progress import EpochReport, bar, stdout_to

logger = logging.getLogger(__name__)

SAVE_EVERY_EPOCHS = 50  # nnU-Net's own; short trainings save ten times in all
PRESET_FILE = "preset.json"


@dataclass(frozen=True)
class Schedule:
    """Length, hardware and seed of a training.

    Attributes:
        epochs: Number of epochs, over which nnU-Net's learning rate falls to zero.
        iterations: Training batches an epoch; a fifth as many validate. None for as many as hold each training case
            once, with a preset whose epochs are of whole cases.
        batch_size: Patches a batch; None keeps the plan's.
        device: Device of the network; auto takes a GPU where there is one.
        threads: Threads of the network without a GPU; None takes every core. Small networks gain little from a second
            one: two trainings side by side with one thread each are quicker than two in turn.
        seed: Seed of the first weights and the augmentation; the same seed repeats a training on a processor, but not
            on a GPU, where augmentation runs in processes that nnU-Net leaves unseeded.
        learning_rate: Learning rate at the start; None keeps the preset's.
        start_from: Checkpoint of another training of the same network, whose weights are the first ones; None for
            those of the stage before, or random ones where there is none before.
    """

    epochs: int
    iterations: int | None
    batch_size: int | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    seed: int = 0
    learning_rate: float | None = None
    start_from: Path | None = None


def fit(
    work: WorkFolder,
    preset: Preset,
    fold: Fold,
    schedule: Schedule,
    *,
    perturbations: Perturbations | None = None,
    resume: bool = False,
) -> None:
    """Train one fold, or go on where its training stopped.

    Args:
        work: Work folder in which the preset is planned.
        preset: Preset to train.
        fold: Fold of `splits_final.json`, or `all` for every case.
        schedule: Length, hardware and seed of the training.
        perturbations: Perturbations of the patches; None takes those of the folds that are there, and none for the
            first fold.
        resume: Whether to go on from the last checkpoint that is whole, from the start where none is; a finished fold
            is left as it is, but for what its training did not come to write at its very end.

    Raises:
        InputError: The fold holds a training already and `resume` was not asked for, a GPU was and there is none,
            the fold is not trained in the stage before, other folds were perturbed otherwise, or no channel is an
            image that can be perturbed.
        ModelError: The weights to start from are another network's.
    """
    folder = work.results(preset.result_name) / f"fold_{fold}"
    state = _state(folder, preset, fold, resume=resume)
    augmentation = asked_augmentation(work, preset, perturbations)
    if state and state.name == FINAL:
        logger.info("%s: trained already", _title(preset, fold))
        _complete(work, preset, fold, schedule)
        return
    first_weights = None if state else schedule.start_from or start_of(work, preset, fold)
    with trainer_for(work, preset, fold, schedule, augmentation) as trainer:
        trainer.check_augmentation()
        record_augmentation(work, preset, augmentation)
        if state:
            _go_on(trainer, state, preset, fold, schedule)
        elif first_weights:
            load_first_weights(trainer.network, first_weights, fold)
            logger.info("starting from the weights of %s", first_weights)
        _run(trainer, _title(preset, fold), epochs=schedule.epochs, log=folder / "console.log")
        if preset.prompts:
            _measure(trainer, folder)
    _record(work, preset)


def _complete(work: WorkFolder, preset: Preset, fold: Fold, schedule: Schedule) -> None:
    """Write what a finished fold lacks, whose training stopped after its last checkpoint."""
    results = work.results(preset.result_name)
    folder = results / f"fold_{fold}"
    if preset.prompts and not _is_measured(folder):
        with trainer_for(work, preset, fold, schedule) as trainer:
            trainer.load_checkpoint(str(folder / FINAL))
            _measure(trainer, folder)
    if not (results / PRESET_FILE).is_file():
        _record(work, preset)


def _record(work: WorkFolder, preset: Preset) -> None:
    """Write the settings of a training beside its folds, and those of the method where the data set has them."""
    results = work.results(preset.result_name)
    write_json(results / PRESET_FILE, preset.model_dump(mode="json"))
    # With it a container runs the result folder as it is, without an export.
    if (work.raw / METHOD_FILE).is_file():
        shutil.copy(work.raw / METHOD_FILE, results / METHOD_FILE)


def _state(folder: Path, preset: Preset, fold: Fold, *, resume: bool) -> Path | None:
    """Return the checkpoint that a fold goes on from; None for a training from the start.

    Raises:
        InputError: There are checkpoints, and `resume` was not asked for.
    """
    found = states_in(folder)
    if found and not resume:
        raise InputError(f"{folder} holds {found[0]} already. Go on with it by --resume, or remove the folder.")
    remove_unfinished(folder)
    return whole_state(folder, _title(preset, fold), needs_best=bool(preset.training.patience))


def _go_on(trainer: Any, checkpoint: Path, preset: Preset, fold: Fold, schedule: Schedule) -> None:
    """Bring a trainer to the state of a checkpoint of the same training."""
    trainer.load_checkpoint(str(checkpoint))
    # Or the first epochs' patches would come again.
    _seed(schedule.seed, fold, stage=preset.stage, epoch=trainer.current_epoch)
    title = _title(preset, fold)
    logger.info("%s: going on after epoch %d, from %s", title, trainer.current_epoch, checkpoint.name)


def _title(preset: Preset, fold: Fold) -> str:
    """Return the name of a training in its sentences."""
    return f"{preset.stage}, fold {fold}" if preset.stage else f"fold {fold}"


def _run(trainer: Any, title: str, *, epochs: int, log: Path) -> None:
    """Run a trainer to its last epoch, with a sentence on each epoch; nnU-Net's own prints go to the log."""
    labels = [name for name in trainer.dataset_json["labels"] if name not in {"background", "ignore"}]
    with bar(title, total=epochs, done=trainer.current_epoch) as report:
        trainer.logger.loggers.append(EpochReport(epochs, labels, report))
        with stdout_to(log):
            trainer.run_training()


def _measure(trainer: Any, folder: Path) -> None:
    """Measure what clicks do to a trained fold."""
    from hnseg_training.fitting.prompts.measures import measure_with_clicks

    with stdout_to(folder / "console.log"):
        measure_with_clicks(trainer, folder)


def _is_measured(folder: Path) -> bool:
    from hnseg_training.fitting.prompts.measures import MEASURES_FILE

    return (folder / MEASURES_FILE).is_file()


def validate(work: WorkFolder, preset: Preset, fold: Fold, schedule: Schedule) -> None:
    """Segment the fold's validation cases with nnU-Net's own sliding window and write its summary.json; slow."""
    folder = work.results(preset.result_name) / f"fold_{fold}"
    with trainer_for(work, preset, fold, schedule) as trainer:
        trainer.load_checkpoint(str(folder / FINAL))
        with stdout_to(folder / "console.log"):
            trainer.perform_actual_validation()
    logger.info("fold %s: validated, see %s", fold, folder / "validation" / "summary.json")


@contextmanager
def trainer_for(
    work: WorkFolder, preset: Preset, fold: Fold, schedule: Schedule, augmentation: Augmentation | None = None
) -> Iterator[Any]:
    """Yield nnU-Net's trainer of one fold, initialised and set to the schedule, in the environment that it needs.

    Until the block ends, nnU-Net's variables and torch's number of threads are set for this process.

    Args:
        work: Work folder in which the preset is planned.
        preset: Preset to train.
        fold: Fold of `splits_final.json`, or `all` for every case.
        schedule: Length, hardware and seed of the training.
        augmentation: Augmentation of the patches; None for the recorded one.

    Raises:
        InputError: A GPU was asked for and there is none.
    """
    import torch

    if schedule.device == "cuda" and not torch.cuda.is_available():
        raise InputError("Training on a GPU was asked for, but PyTorch sees none here. Use --device cpu or auto.")
    on_gpu = schedule.device != "cpu" and torch.cuda.is_available()
    before = torch.get_num_threads(), torch.backends.cudnn.benchmark
    # Beside a GPU nnU-Net's own number of augmenting processes is right; without one they would only take the
    # processor away from the network.
    with work.nnunet_environment(augmenters=None if on_gpu else 0):
        torch.set_num_threads(1 if on_gpu else schedule.threads or usable_threads())
        torch.backends.cudnn.benchmark = on_gpu
        _seed(schedule.seed, fold, stage=preset.stage)
        try:
            yield _new_trainer(
                work, preset, fold, schedule, augmentation or augmentation_of(work, preset), on_gpu=on_gpu
            )
        finally:
            torch.set_num_threads(before[0])
            torch.backends.cudnn.benchmark = before[1]


def _new_trainer(
    work: WorkFolder, preset: Preset, fold: Fold, schedule: Schedule, augmentation: Augmentation, *, on_gpu: bool
) -> Any:
    """Return nnU-Net's trainer with its network built, set to the preset and the schedule."""
    import torch

    from hnseg_training.fitting.trainer import TRAINERS

    plans = read_json(work.plans_file(preset.plans_name))
    if schedule.batch_size:
        plans["configurations"][CONFIGURATION]["batch_size"] = schedule.batch_size
    plans["continue_training"] = False  # set by nnU-Net's command line; only its web logger reads it
    plans["plans_name"] = preset.trained_plans_name
    dataset = read_json(work.preprocessed / "dataset.json")
    if preset.prompts:
        plans = plans_with_clicks(plans, preset.prompts.encoding)
        dataset = dataset_with_clicks(dataset, preset.prompts.encoding)
    with stdout_to(work.results(preset.result_name) / f"fold_{fold}" / "console.log"):
        trainer: Any = TRAINERS[preset.training.trainer](
            plans=plans,
            configuration=CONFIGURATION,
            fold=fold,
            dataset_json=dataset,
            device=torch.device("cuda" if on_gpu else "cpu"),
        )
        trainer.augmentation = augmentation
        trainer.training = preset.training
        trainer.prompts, trainer.stage = preset.prompts, preset.stage or trainer.stage
        trainer.enable_deep_supervision = preset.deep_supervision
        trainer.num_epochs = schedule.epochs
        trainer.weight_decay = preset.training.weight_decay
        trainer.initial_lr = schedule.learning_rate or preset.training.learning_rate
        trainer.oversample_foreground_percent = preset.training.foreground
        trainer.probabilistic_oversampling = preset.training.foreground_by_chance
        trainer.save_every = _epochs_between_saves(preset, schedule)
        trainer.initialize()
        trainer.set_iterations(schedule.iterations)
    if not on_gpu:  # where convolutions are a quarter quicker with the channels last
        trainer.network.to(memory_format=torch.channels_last_3d)
    return trainer


def _epochs_between_saves(preset: Preset, schedule: Schedule) -> int:
    """Return after how many epochs a state to go on from is saved: each, where the best one is kept."""
    return 1 if preset.training.patience else max(1, min(SAVE_EVERY_EPOCHS, schedule.epochs // 10))


def _seed(seed: int, fold: Fold, *, stage: Stage | None, epoch: int = 0) -> None:
    """Seed the global generators, from which nnU-Net draws; each fold and each stage start differently."""
    import numpy as np
    import torch

    before = STAGES.index(stage) if stage else 0
    number = (
        before * 1_000_000_000 + epoch * 1_000_000 + seed * 10 + (fold if isinstance(fold, int) else 9)
    ) % 2**32  # numpy's largest
    torch.manual_seed(number)
    np.random.seed(number)  # noqa: NPY002 (nnU-Net's data loader knows no other)
