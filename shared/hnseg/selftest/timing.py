"""Timing of work on a device: by CUDA's events on a GPU, whose work goes on behind the program, else by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")


def timed_ms(work: Callable[[], Result], device: torch.device) -> tuple[Result, float]:
    """Do some work to its end, and return its result and the milliseconds it took on the device."""
    if device.type != "cuda":
        started_s = time.perf_counter()
        result = work()
        return result, 1000 * (time.perf_counter() - started_s)
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    torch.cuda.synchronize(device)
    begin.record()
    result = work()
    end.record()
    end.synchronize()
    return result, float(begin.elapsed_time(end))
