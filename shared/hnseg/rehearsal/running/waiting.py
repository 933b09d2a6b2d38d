"""Waiting for a process while its memory is sampled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from hnseg.rehearsal.running.watch import SAMPLE_S


def wait_for(process: subprocess.Popen[bytes], *, until: float, sample: Callable[[], object]) -> bool:
    """Wait until a process has ended or the time is over, as `wait_until` does; the process is left as it is."""
    return wait_until(lambda: process.poll() is not None, until=until, sample=sample)


def wait_until(is_over: Callable[[], bool], *, until: float, sample: Callable[[], object]) -> bool:
    """Wait until something is over or the time is.

    Args:
        is_over: Function that says whether what is waited for has come.
        until: Moment at which waiting ends, as `time.monotonic()` counts; infinity waits for the end.
        sample: Function called every `SAMPLE_S` seconds meanwhile.

    Returns:
        Whether it has come.
    """
    while not is_over():
        sample()
        if time.monotonic() >= until:
            return is_over()
        time.sleep(SAMPLE_S)
    return True
