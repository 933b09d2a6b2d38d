"""Whole cases by time: one on the device and on the processor, and one of full size under a cap."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from hnseg.errors import DeadlineError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import FULL_EFFORT, Effort
from hnseg.inference.planning.tiling import Shape3
from hnseg.inference.prediction import PredictionResult
from hnseg.inference.predictor import predict
from hnseg.machine import GIB
from hnseg.selftest.results import Row
from hnseg.selftest.subject import Subject, free_memory
from hnseg.selftest.synthetic_image import body_channels
from hnseg.selftest.untrained import Shape

FULL_SIZE = Shape(
    (64, 160, 160), (32, 64, 128, 256, 320), labels=31, folds=1, spacing_mm=(1.5, 0.8, 0.8), background=1.2
)
"""One fold of a network as nnU-Net plans it for HaN-Seg, with its 30 organs and the background."""
FULL_SIZE_VOXELS = (202, 644, 644)
"""Size on the network's grid of the largest CT of HaN-Seg, 1024 x 1024 x 202 voxels of 0.5 x 0.5 x 1.5 mm."""
REDUCED = Shape((32, 64, 64), (8, 24, 32, 48), labels=31, folds=1, spacing_mm=(2.8, 2.4, 2.4), background=1.2)
REDUCED_VOXELS = (64, 128, 128)
"""Size on the network's grid of a CT that a processor segments in seconds."""
FINER = 1.6
"""Number of the CT's voxels to one of the network's, along rows and columns."""
CAP_GIB = 16e9 / GIB
"""Memory of the GPU in the challenges' machine, 16 GB, which the full size must keep to."""

_TILES_APART = Effort(step=1.0, mirroring=False)


@dataclass(frozen=True)
class TimedCase:
    """Case that was segmented, and the time it took.

    Attributes:
        seconds: Time from the channels to the label map; loading is not in it.
        result: Label map, and the effort spent on it.
    """

    seconds: float
    result: PredictionResult

    def __str__(self) -> str:
        spent = self.result.effort_spent
        given_up = f" ({' '.join(self.result.notes)})" if self.result.notes else ""
        return f"{self.seconds:.2f} s for {spent.tiles} tiles, {spent.passes} passes{given_up}"


def time_demo_case(subject: Subject, *, limit_s: float = 20.0) -> list[Row]:
    """Return the row on a case with all that the model does, on the device and, if that is a GPU, on the processor.

    Args:
        subject: Device and model.
        limit_s: Seconds after which a case must have ended, by giving up some effort.
    """
    z, y, x = subject.patch
    channels = body_channels(subject.bundle, (z + z // 2, y + y // 2, x + x // 2))
    subjects = [subject]
    if subject.is_gpu:
        subjects.append(Subject(subject.bundle, torch.device("cpu")))
    size = " x ".join(map(str, channels.grid.size_xyz))
    folds, manifest = len(subject.bundle.folds), subject.bundle.manifest
    model = manifest.name if manifest else str(subject.bundle.folder)
    found = [f"on {each.device.type} {_timed_or_why_not(each.load(), channels, limit_s)}" for each in subjects]
    text = f"{'; '.join(found)} ({size} voxels; {folds} folds, {model})."
    return [Row(name="demo case", state="measured", found=text)]


def check_many_labels(subject: Subject, voxels: Shape3) -> list[Row]:
    """Return the row on a case of 31 labels, on a GPU under a cap of 16 GB.

    Args:
        subject: Device, and a model of the shape `FULL_SIZE` or `REDUCED`.
        voxels: Size of the case on the network's grid.
    """
    channels = body_channels(subject.bundle, voxels, finer=FINER)
    if subject.is_gpu:
        torch.cuda.reset_peak_memory_stats()
    ensemble = subject.load(vram_gib=CAP_GIB) if subject.is_gpu else subject.load()
    case = _timed(ensemble, channels, Deadline.never(), _TILES_APART)
    peak_gib = torch.cuda.max_memory_reserved() / GIB if subject.is_gpu else None
    free_memory()
    where = case.result.plans[-1].where if case.result.plans else ""
    labels = array_of(case.result.label_map)
    return [judge_many_labels(channels.grid.size_xyz, len(np.unique(labels)), f"{case}; {where}", peak_gib)]


def judge_many_labels(size_xyz: Shape3, labels: int, how: str, peak_gib: float | None) -> Row:
    """Return the row on a case of 31 labels: wrong where it has one label only, or took more than the cap.

    Args:
        size_xyz: Size of the image in voxels.
        labels: Number of different labels in its label map.
        how: Time and devices, in words.
        peak_gib: Memory of the GPU that was taken; None on a processor.
    """
    size = " x ".join(map(str, size_xyz))
    memory = "no cap" if peak_gib is None else f"{peak_gib:.2f} of {CAP_GIB:.1f} GiB of the GPU"
    name = "31 labels, full size" if peak_gib is not None else "31 labels, reduced size"
    found = f"{size} voxels, {labels} labels found; {how}; {memory}."
    if labels < 2:
        return Row(name=name, state="wrong", found=found, cure="An untrained network must give many labels. Report it.")
    if peak_gib is not None and peak_gib > CAP_GIB:
        return Row(name=name, state="wrong", found=found, cure="More memory was taken than was allowed. Report it.")
    return Row(name=name, state="right", found=found)


def _timed_or_why_not(ensemble: Ensemble, channels: Channels, limit_s: float) -> str:
    try:
        return str(_timed(ensemble, channels, Deadline(limit_s, time.monotonic()), FULL_EFFORT))
    except DeadlineError:
        return f"not done within {limit_s:g} s"


def _timed(ensemble: Ensemble, channels: Channels, deadline: Deadline, effort: Effort) -> TimedCase:
    started_s = time.perf_counter()
    result = predict(ensemble, channels, deadline, effort=effort)
    return TimedCase(time.perf_counter() - started_s, result)
