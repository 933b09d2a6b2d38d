"""Checks of a self-test in their order, each with the model that it needs; one that fails does not end the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import is_exhausted
from hnseg.selftest.agreement import check_agreement
from hnseg.selftest.cases import (
    FULL_SIZE,
    FULL_SIZE_VOXELS,
    REDUCED,
    REDUCED_VOXELS,
    check_many_labels,
    time_demo_case,
)
from hnseg.selftest.device import describe_device
from hnseg.selftest.memory_use import check_memory
from hnseg.selftest.passes import time_passes
from hnseg.selftest.results import Row
from hnseg.selftest.step_down import FOR_GPU, FOR_PROCESSOR, IN_PLANE, check_step_down
from hnseg.selftest.subject import Subject, free_memory
from hnseg.selftest.untrained import Shape, write_untrained

_MOST_TEXT = 300  # characters of an error in a row


@dataclass(frozen=True)
class Sizes:
    """Sizes of the untrained ensembles and their images.

    Attributes:
        usual: Shape of the ensemble for all checks that need no other.
        step_down: Shape of that for the steps down.
        step_down_in_plane: Voxels of their image along the last two axes.
        many_labels: Shape of that with 31 labels.
        many_labels_voxels: Size of its image on the network's grid.
    """

    usual: Shape
    step_down: Shape
    step_down_in_plane: int
    many_labels: Shape
    many_labels_voxels: tuple[int, int, int]


ON_GPU = Sizes(Shape((64, 128, 128), (16, 32, 64, 128)), FOR_GPU, IN_PLANE, FULL_SIZE, FULL_SIZE_VOXELS)
ON_PROCESSOR = Sizes(Shape((32, 64, 64), (8, 16, 32)), FOR_PROCESSOR, 96, REDUCED, REDUCED_VOXELS)


def checks(
    device: torch.device, model: Path | None, demo: Path | None, folder: Path, sizes: Sizes, *, wants_gpu: bool = True
) -> Iterator[list[Row]]:
    """Yield the rows of each check when it has ended.

    Args:
        device: Device to test.
        model: Model to test with; None for an untrained one.
        demo: Model of the demo case where no model is given; None for an untrained one.
        folder: Folder, empty, that receives the untrained models.
        sizes: Sizes of the untrained ensembles and their images.
        wants_gpu: Whether a GPU would be tested if there were one that torch can use.

    Raises:
        InputError: The device is not there.
        ModelError: The model can't be used.
    """

    def subject(name: str, shape: Shape, given: Path | None = None) -> Subject:
        """Return the device with a given model, or else with an untrained one, which is written where it is missing."""
        where = given or folder / name
        return Subject(open_bundle(where if where.is_dir() else write_untrained(shape, where)), device)

    usual = subject("usual", sizes.usual, model)
    if usual.is_gpu and not torch.cuda.is_available():
        usual.load()  # refuses with a sentence
    work: Sequence[tuple[str, Callable[[], list[Row]]]] = (
        ("device", lambda: [describe_device(device, wants_gpu=wants_gpu)]),
        ("passes", lambda: time_passes(usual)),
        ("label map", lambda: check_agreement(usual)),
        ("peak memory", lambda: check_memory(usual)),
        (
            "step down",
            lambda: check_step_down(subject("step_down", sizes.step_down), in_plane=sizes.step_down_in_plane),
        ),
        ("demo case", lambda: time_demo_case(subject("usual", sizes.usual, model or demo))),
        (
            "31 labels",
            lambda: check_many_labels(subject("many_labels", sizes.many_labels), sizes.many_labels_voxels),
        ),
    )
    for name, check in work:
        yield guarded(name, check)


def guarded(name: str, check: Callable[[], list[Row]]) -> list[Row]:
    """Return the rows of a check with their time, or one row with the error that it ended with."""
    started_s = time.perf_counter()
    try:
        rows = check()
    except Exception as error:  # noqa: BLE001 (whatever a device or its driver raises is a finding)
        rows = [_failed(name, error)]
    free_memory()
    seconds = round(time.perf_counter() - started_s, 2)
    return [rows[0].model_copy(update={"seconds": seconds}), *rows[1:]]


def _failed(name: str, error: Exception) -> Row:
    said = " ".join(str(error).split())[:_MOST_TEXT]
    if is_exhausted(error):
        cure = "Memory was not enough. Is another program on the device? End it, or use a machine with more."
    else:
        cure = "Report it with this table. Are driver and torch made for one another, and for this card?"
    return Row(name=name, state="wrong", found=f"ended with {type(error).__name__}: {said}.", cure=cure)
