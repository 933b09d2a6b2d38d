"""Need of a planned training, `<plans>.need.json` beside the plans: what is trained, its memory and its time.

Memory is estimated; the time is that of a few batches on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.machine import in_gib, limit_gib
from hnseg.records import Frozen, first_problem
from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import CONFIGURATION, WorkFolder, read_json
from hnseg_training.fitting.expected.memory import parameter_count, training_memory
from hnseg_training.fitting.expected.planned_network import planned_network
from hnseg_training.fitting.expected.timing import BatchTime, batch_time
from hnseg_training.fitting.network import by_zyx
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.stages import in_stages

VALIDATION_SHARE = 1 + 1 / 5 / 3
"""Time of an epoch in the time of its training batches: a fifth as many validate, without a backward pass each."""


class Gpu(Frozen):
    """Name and memory of the GPU that `fit` would take."""

    name: str
    gib: float


class TrainingNeed(Frozen):
    """What a preset's training in a work folder is, and what it needs; sizes are (z, y, x)."""

    planner: str
    spacing_zyx_mm: list[float]
    patch_zyx: list[int]
    batch_size: int
    network: str
    """Name of the network's class."""
    features: tuple[int, ...]
    """Number of features of each stage."""
    parameters: int
    cases: int
    """Samples of the data set."""
    folds: int
    trained_cases: int
    """Samples that the first fold trains on."""
    batches: int
    """Training batches of a fold, over all epochs and stages."""
    epochs: int
    gpu_gib: float
    """Memory on a GPU, estimated."""
    nnunet_gib: float | None
    """The same as nnU-Net's planner counts it; null for a network that it doesn't know."""
    ram_gib: float
    """Memory of the process without a GPU, estimated."""
    gpu: Gpu | None
    """GPU of this machine; null without one."""
    machine_ram_gib: float
    batch_s: float | None
    """Seconds a training batch on this machine, without augmentation; null where it was not measured."""
    measured: str
    """What was measured, in words; empty where nothing was."""

    @property
    def fits(self) -> bool:
        """Whether this machine's GPU has the memory, or the machine where it has no GPU."""
        return self.gpu_gib <= self.gpu.gib if self.gpu else self.ram_gib <= self.machine_ram_gib

    @property
    def fold_s(self) -> float | None:
        """Seconds a fold on this machine; None where no batch was timed."""
        return None if self.batch_s is None else self.batch_s * self.batches * VALIDATION_SHARE


def training_need(work: WorkFolder, preset: Preset, *, timed: bool) -> TrainingNeed:
    """Return the need of a preset that is planned in a work folder.

    Args:
        work: Work folder with the plans and the folds.
        preset: Preset to train, with all its stages.
        timed: Whether batches are timed on this machine, for some ten seconds.
    """
    planned = planned_network(work, preset)
    trainings = [each.training for each in in_stages(preset, None)]
    splits = read_json(work.preprocessed / SPLITS_FILE)
    trained = len(splits[0]["train"])
    memory, trainer = training_memory(planned, trainings[0].trainer), trainings[0].trainer
    time = batch_time(planned, trainer) if timed else None
    plans = read_json(work.plans_file(preset.plans_name))
    spacing_mm = plans["configurations"][CONFIGURATION]["spacing"]
    return TrainingNeed(
        planner=preset.planner,
        spacing_zyx_mm=by_zyx(spacing_mm, plans),
        patch_zyx=by_zyx(planned.patch_zyx, plans),
        batch_size=planned.batch_size,
        network=planned.name,
        features=tuple(planned.features),
        parameters=parameter_count(planned),
        cases=read_json(work.raw / "dataset.json")["numTraining"],
        folds=len(splits),
        trained_cases=trained,
        batches=sum(each.epochs * (each.iterations or ceil(trained / planned.batch_size)) for each in trainings),
        epochs=sum(each.epochs for each in trainings),
        gpu_gib=memory.gpu_gib,
        nnunet_gib=memory.nnunet_gib,
        ram_gib=memory.ram_gib,
        gpu=_gpu(),
        machine_ram_gib=limit_gib(),
        batch_s=time.batch_s if time else None,
        measured=_in_words(time) if time else "",
    )


def need_file(work: WorkFolder, preset: Preset) -> Path:
    """Return the file of a preset's need in a work folder; it need not exist."""
    return work.preprocessed / f"{preset.plans_name}.need.json"


def read_need(work: WorkFolder, preset: Preset) -> TrainingNeed:
    """Return the need that planning a preset recorded.

    Raises:
        InputError: There is no such file, or it is no such record.
    """
    path = need_file(work, preset)
    try:
        return TrainingNeed.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(
            f"{path} must be the record of a training's need, but it is none: {first_problem(error)}. Was it changed?"
            " hnseg-train plan writes it again."
        ) from error


def lines_of(need: TrainingNeed) -> Iterator[str]:
    """Yield the need as the lines of a table, a title and a value each."""
    patch_mm = [size * spacing for size, spacing in zip(need.patch_zyx, need.spacing_zyx_mm, strict=True)]
    rows = {
        "spacing": f"{_by(need.spacing_zyx_mm, '.4g')} mm (z, y, x)",
        "patch": f"{_by(need.patch_zyx)} voxels, {_by(patch_mm, '.0f')} mm; {need.batch_size} a batch",
        "network": f"{need.network}, {len(need.features)} stages of {', '.join(map(str, need.features))} features,"
        f" {need.parameters:,} parameters",
        "cases": f"{need.cases} in {need.folds} folds, {need.trained_cases} to train on in the first",
        "memory": _memory(need),
        "this machine": _machine(need),
        "a fold": _time(need),
    }
    return (f"{title:<14}{value}" for title, value in rows.items())


def _gpu() -> Gpu | None:
    import torch

    if not torch.cuda.is_available():
        return None
    return Gpu(name=torch.cuda.get_device_name(), gib=torch.cuda.get_device_properties(0).total_memory / 2**30)


def _in_words(time: BatchTime) -> str:
    patches = "patch" if time.batch_size == 1 else "patches"
    return f"{time.batch_size} {patches} of {_by(time.patch_zyx)} random voxels on {time.where}"


def _by(numbers: Sequence[float], form: str = "d") -> str:
    return " x ".join(format(number, form) for number in numbers)


def _memory(need: TrainingNeed) -> str:
    beside = "" if need.nnunet_gib is None else f" (nnU-Net's planner counts {need.nnunet_gib:.1f})"
    return f"a GPU with {in_gib(need.gpu_gib)}{beside}, or {in_gib(need.ram_gib)} of RAM without one; estimated"


def _machine(need: TrainingNeed) -> str:
    has = (
        f"{need.gpu.name} with {in_gib(need.gpu.gib)}" if need.gpu else f"no GPU, {in_gib(need.machine_ram_gib)} of RAM"
    )
    if need.fits:
        return f"{has}: fits"
    return f"{has}: does not fit. Another preset, or fit with a smaller --batch-size than {need.batch_size}"


def _time(need: TrainingNeed) -> str:
    work = f"{need.epochs} epochs, {need.batches} batches"
    if need.fold_s is None or need.batch_s is None:
        return f"{work}; its time was not measured"
    return f"{work}: about {_duration(need.fold_s)}, at {need.batch_s:.2g} s a batch ({need.measured}, no augmentation)"


def _duration(seconds: float) -> str:
    """Return a time in words.

    >>> _duration(50), _duration(5400), _duration(172800), _duration(8640000)
    ('1 min', '90 min', '48 h', '100 days')
    """
    if seconds < 2 * 3600:
        return f"{max(1, round(seconds / 60))} min"
    return f"{seconds / 3600:.0f} h" if seconds < 72 * 3600 else f"{seconds / 86400:.0f} days"
