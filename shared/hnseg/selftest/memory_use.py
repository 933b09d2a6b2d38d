"""Memory that a case takes, beside what is predicted before it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch

from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.predictor import predict
from hnseg.machine import GIB, peak_gib
from hnseg.selftest.results import Row
from hnseg.selftest.subject import PLAIN, Subject

_NAME = "peak memory"
_TOLERANCE = 0.1
_MIB = 1024
_CLEAR = Path("/proc/self/clear_refs")


def check_memory(subject: Subject) -> list[Row]:
    """Return the row on the memory that an image of two tiles takes, of the GPU or else of the machine."""
    return [_on_gpu(subject) if subject.is_gpu else _on_processor(subject)]


def judge_vram(peak_gib_: float, predicted_gib: float) -> Row:
    """Return the row on a GPU's memory: a warning where more was taken than predicted, beyond a tenth of it."""
    found = _in_words("of the GPU", peak_gib_, predicted_gib)
    if peak_gib_ <= (1 + _TOLERANCE) * predicted_gib:
        return Row(name=_NAME, state="right", found=found)
    cure = "Cases may run out of the GPU's memory and step down, which takes time; a smaller --vram-gib leaves room."
    return Row(name=_NAME, state="warning", found=found, cure=cure)


def _on_gpu(subject: Subject) -> Row:
    case, predicted_gib = _case(subject)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    case()
    return judge_vram((torch.cuda.max_memory_allocated() - before) / GIB, predicted_gib)


def _on_processor(subject: Subject) -> Row:
    case, predicted_gib = _case(subject)
    with suppress(OSError):  # without it, the peak is that of the whole process so far
        _CLEAR.write_text("5", encoding="utf-8")  # sets the peak to the present value: man 5 proc
    before_gib = peak_gib()
    case()
    found = _in_words("of the machine", peak_gib() - before_gib, predicted_gib)
    return Row(name=_NAME, state="measured", found=found)


def _case(subject: Subject) -> tuple[Callable[[], object], float]:
    """Return a case to predict, the networks being loaded, and the memory in GiB that is predicted for it."""
    ensemble, channels = subject.load(), subject.two_tiles()
    placement = subject.placement(channels)
    layout = MemoryLayout.fastest(placement, subject.bundle, ensemble.backend)
    need = MemoryNeed.of(placement, subject.bundle, layout, pass_gib=ensemble.backend.pass_gib)
    return partial(predict, ensemble, channels, effort=PLAIN), need.predicting_gib


def _in_words(where: str, peak: float, predicted: float) -> str:
    ratio = f" ({peak / predicted:.0%})" if predicted else ""
    return f"{peak * _MIB:.0f} MiB {where} taken, {predicted * _MIB:.0f} MiB predicted{ratio}."
