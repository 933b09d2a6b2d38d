"""Waiting for a process while its memory is sampled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from hnseg.rehearsal.running.watch import SAMPLE_S


def wait_for(process: subprocess.Popen[bytes], *, until: float, sample: Callable[[], object]) -> bool:
    """Wait until a process has ended or the time is over.

    Args:
        process: Process that is waited for; it is left as it is.
        until: Moment at which waiting ends, as `time.monotonic()` counts; infinity waits for the end.
        sample: Function called every `SAMPLE_S` seconds while the process runs.

    Returns:
        Whether the process has ended.
    """
    while process.poll() is None:
        sample()
        if time.monotonic() >= until:
            return process.poll() is not None
        time.sleep(SAMPLE_S)
    return True
