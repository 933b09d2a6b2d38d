"""Steps down where memory is not enough, forced by a cap: each must give the label map that all of the memory gives."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import torch

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import LabelArray, array_of
from hnseg.inference.backends.cuda_memory import CONTEXT_GIB
from hnseg.inference.backends.device_copies import size_gib
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.model.architecture import network_of
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.planning.tiling import Shape3
from hnseg.inference.predictor import predict
from hnseg.machine import GIB, data_limit_bytes
from hnseg.selftest.results import Row
from hnseg.selftest.subject import Subject, free_memory
from hnseg.selftest.synthetic_image import body_channels
from hnseg.selftest.untrained import Shape

FOR_GPU = Shape((32, 32, 32), (8, 32, 128, 256, 320), labels=31, folds=4)
"""Ensemble whose weights, sums and passes each take so much that a cap can leave out one of them."""
FOR_PROCESSOR = Shape((32, 64, 64), (16, 16), labels=4, folds=1)
IN_PLANE = 192
"""Voxels of the image along the last two axes on a GPU, so that half of the sums take as much as the weights."""

_COARSE = Effort(step=1.0, mirroring=False)
_LEAST_EQUAL = 0.995  # half precision, and kernels that are chosen by their speed
_STATUS = Path("/proc/self/status")
_OF_GPU = ("sums in RAM", "weights travel")


@dataclass(frozen=True)
class Rung:
    """Step down, and the memory that forces it.

    Attributes:
        name: Name of the step.
        most_gib: Memory that tensors may take in all; infinite for no cap.
    """

    name: str
    most_gib: float


def check_step_down(subject: Subject, *, in_plane: int = IN_PLANE) -> list[Row]:
    """Return a row for each step down.

    Args:
        subject: Device, and a model of the shape `FOR_GPU` or `FOR_PROCESSOR`.
        in_plane: Voxels of the image along the last two axes.
    """
    z, _, _ = subject.patch
    channels = body_channels(subject.bundle, (z + z // 2, in_plane, in_plane))  # two slabs: the second tells of a step
    if subject.is_gpu:
        return _on_gpu(subject, channels)
    return _on_processor(replace(subject, backend="torch"), channels)  # OpenVINO always takes copies one by one


def rungs_of(weights_gib: float, sums_gib: float, pass_gib: float, *, folds: int) -> list[Rung]:
    """Return the steps down on a GPU, each with a cap between what it needs and what the one before needs.

    Args:
        weights_gib: Memory of all folds' weights.
        sums_gib: Memory of the sums over tiles.
        pass_gib: Memory of a pass, and of all else.
        folds: Number of folds.
    """
    a_fold_gib = weights_gib / folds
    return [
        Rung("all on the GPU", inf),
        Rung("sums in RAM", weights_gib + pass_gib + sums_gib / 2),
        Rung("weights travel", pass_gib + (a_fold_gib + weights_gib) / 2),
        Rung("the processor", a_fold_gib / 2),
    ]


def judge(rung: str, equal: float, least: float, how: str) -> Row:
    """Return the row on a step down.

    Args:
        rung: Name of the step.
        equal: Fraction of voxels with the label that they have without a cap.
        least: Fraction that is needed.
        how: Devices that ran, in words.
    """
    name, found = f"step down: {rung}", f"{equal:.4%} of voxels as without a cap; {how}."
    if equal >= least:
        return Row(name=name, state="right", found=found)
    cure = "Cases that step down get another label map; report it with this table. Is there a larger GPU meanwhile?"
    return Row(name=name, state="wrong", found=found, cure=cure)


def _on_gpu(subject: Subject, channels: Channels) -> list[Row]:
    rows = []
    expected: LabelArray | None = None
    for rung in _rungs(subject, channels):
        free_memory()
        labels, how = _under_cap(subject, channels, rung.most_gib)
        expected = labels if expected is None else expected
        rows.append(judge(rung.name, _equal(labels, expected), _LEAST_EQUAL, how))
    return rows


def _under_cap(subject: Subject, channels: Channels, most_gib: float) -> tuple[LabelArray, str]:
    """Return the label map under a cap, and how it was made, in words."""
    ensemble = subject.load(vram_gib=most_gib + CONTEXT_GIB)
    labels, where = _predicted(ensemble, channels)
    cap = "no cap" if most_gib == inf else f"a cap of {most_gib * 1024:.0f} MiB"
    return labels, f"{cap}, {where}, {torch.cuda.memory_allocated() / GIB * 1024:.0f} MiB stay on the GPU"


def _rungs(subject: Subject, channels: Channels) -> list[Rung]:
    placement, bundle, backend = subject.placement(channels), subject.bundle, subject.load().backend
    layout = MemoryLayout.fastest(placement, bundle, backend)
    need_gib = MemoryNeed.of(placement, bundle, layout, pass_gib=backend.pass_gib).predicting_gib
    networks = (network_of(bundle, fold) for fold in range(len(bundle.folds)))
    weights_gib = size_gib(networks, backend.arithmetic)
    depth, rows, columns = _sums_shape(placement.network_shape, subject.patch, layout.rolls_along)
    sums_gib = 4 * (len(bundle.dataset.output_values) + 1) * depth * rows * columns / GIB
    return rungs_of(weights_gib, sums_gib, need_gib - sums_gib, folds=len(bundle.folds))


def _sums_shape(shape: Shape3, patch: Shape3, along: int) -> Shape3:
    z, y, x = (patch[axis] if axis == along else max(shape[axis], patch[axis]) for axis in range(3))
    return z, y, x


def _on_processor(subject: Subject, channels: Channels) -> list[Row]:
    ensemble = subject.load()
    expected, how = _predicted(ensemble, channels)
    with _memory_for_single_copies(subject, ensemble, channels):
        labels, how_with_less = _predicted(ensemble, channels)
    return [
        *(Row(name=f"step down: {name}", state="absent", found="not on a processor.") for name in _OF_GPU),
        judge("copies one by one", _equal(labels, expected), _LEAST_EQUAL, f"{how_with_less}; without a cap {how}"),
    ]


@contextmanager
def _memory_for_single_copies(subject: Subject, ensemble: Ensemble, channels: Channels) -> Iterator[None]:
    """Cap the machine's memory between what copies need together and what they need one by one."""
    placement = subject.placement(channels)
    layout = MemoryLayout.fastest(placement, subject.bundle, ensemble.backend)
    smaller = layout.smaller() or layout
    together, one_by_one = (_need_gib(MemoryNeed.of(placement, subject.bundle, each)) for each in (layout, smaller))
    with _free_ram(one_by_one + 0.9 * (together - one_by_one)):
        yield


def _need_gib(need: MemoryNeed) -> float:
    return max(need.preparing_gib, need.labelling_gib + need.predicting_gib)


@contextmanager
def _free_ram(free_gib: float) -> Iterator[None]:
    """Let this process have so much more memory than it has, or less where a limit is lower already."""
    former = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes(_in_use_bytes() + free_gib * GIB), former[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, former)


def _in_use_bytes() -> int:
    """Return what counts as this process's memory under RLIMIT_DATA, or what is resident if that is more."""
    fields = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="utf-8").splitlines())
    return max(1024 * int(fields[name].split()[0]) for name in ("VmData", "VmRSS"))


def _predicted(ensemble: Ensemble, channels: Channels) -> tuple[LabelArray, str]:
    """Return the label map of an image, and the devices that ran, in words."""
    result = predict(ensemble, channels, effort=_COARSE)
    where = result.plans[-1].where if result.plans else ""
    return array_of(result.label_map), where


def _equal(labels: LabelArray, expected: LabelArray) -> float:
    return float((labels == expected).mean())
