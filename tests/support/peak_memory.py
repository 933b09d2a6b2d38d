"""Peak memory of some work, by the kernel's counts."""

import ctypes
import gc
import math
from pathlib import Path

import pytest

from hnseg.machine import GIB

_CLEAR_REFS = Path("/proc/self/clear_refs")


def taken_gib(work, *, times=3):
    """Return how much resident memory grows at most while something works, and what it returns.

    It is the least of some times: what other threads' allocators keep of freed memory comes on top by chance.
    """
    if not _CLEAR_REFS.is_file():
        pytest.skip("the kernel does not count it")
    least = math.inf
    for _ in range(times):
        result = None
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # or what earlier work freed would be taken again unseen
        _CLEAR_REFS.write_text("5")  # forgets the peak so far
        before = _resident_gib("VmRSS")
        result = work()
        least = min(least, _resident_gib("VmHWM") - before)
    return least, result


def _resident_gib(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / GIB for line in lines if line.startswith(field))
