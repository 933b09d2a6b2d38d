"""Machine as this process may use it: processors and memory, and when the process started.

Limits count in whatever confines the process: its affinity, its control groups, its resource limits.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

from hnseg.control_groups import ROOT, memory_limit_bytes, processor_limit

GIB = 1 << 30
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_EXHAUSTED = (
    *("allocate memory", "out of memory", "bad_alloc", "failed to map segment", "cannot map zero-fill pages"),
    *("can't alloc", "failed to allocate"),  # of OpenVINO and oneDNN
)
_IMPORTED_S = time.monotonic()


def limit_gib(root: Path = ROOT) -> float:
    """Return the memory this process may have: the machine's, its control groups', or its own limit, the least of them.

    The platform takes 1 GB off the machine's memory and enforces that as RLIMIT_DATA
    (DIAGNijmegen/rse-sagemaker-shim, `cli.py`), so a limit can be met without any container limit.

    Args:
        root: Folder that holds the kernel's `proc` and `sys`.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), memory_limit_bytes(root)]
    own = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    limits += [limit for limit in own if limit != resource.RLIM_INFINITY]
    return min(limits) / GIB


def data_limit_bytes(most_bytes: float) -> int:
    """Return the RLIMIT_DATA under which a process holds so many bytes at most; less where a limit is lower already.

    Only a privileged process can raise its hard limit, and nobody who set a limit wants it raised.

    Args:
        most_bytes: Bytes that the process may hold, 0 or more; may be infinite.
    """
    in_force = [limit for limit in resource.getrlimit(resource.RLIMIT_DATA) if limit != resource.RLIM_INFINITY]
    return int(min([most_bytes, sys.maxsize, *in_force]))


def peak_gib() -> float:
    """Return the largest resident memory this process has had so far."""
    # Linux hands getrusage's peak down from the parent that started the process; this one is the process's own.
    if own := _field_gib(_STATUS, "VmHWM"):
        return own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / GIB


def forget_peak() -> None:
    """Let the largest resident memory count from now on; where the kernel does not do that, it goes on counting."""
    with suppress(OSError):
        _CLEAR_REFS.write_text("5")  # proc(5): resets the peak resident set size


def give_back_freed_memory() -> None:
    """Return to the system what the C library keeps of memory that this process has freed.

    glibc gives blocks over 32 MiB back at once, but of smaller ones only those above the last that is in use
    (mallopt(3), malloc_trim(3)). Where the library has no such function, nothing happens.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def free_ram_gib() -> float:
    """Return how much more memory this process can have."""
    free = [limit_gib() - _field_gib(_STATUS, "VmRSS")]
    data_limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    if data_limit != resource.RLIM_INFINITY:
        free.append(data_limit / GIB - _field_gib(_STATUS, "VmData"))
    if available := _field_gib(Path("/proc/meminfo"), "MemAvailable"):
        free.append(available)
    return min(free)


def processor_numbers() -> list[int]:
    """Return the numbers of the processors this process may run on, in order."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def processors(root: Path = ROOT) -> float:
    """Return how many processors this process may keep busy: its affinity, or its control groups' limit if less.

    Args:
        root: Folder that holds the kernel's `proc` and `sys`.
    """
    return min(float(len(processor_numbers())), processor_limit(root))


def usable_threads(root: Path = ROOT) -> int:
    """Return how many threads can run at once.

    More threads than the quota allows would wait for each other while the control group is throttled.

    Args:
        root: Folder that holds the kernel's `proc` and `sys`.
    """
    return max(1, int(processors(root)))


def in_gib(value: float | None) -> str:
    """Return an amount of memory as text, in GiB or MiB; a dash for None.

    >>> in_gib(3.456), in_gib(0.05)
    ('3.46 GiB', '51 MiB')
    """
    if value is None:
        return "-"
    return f"{value:.2f} GiB" if value >= 0.1 else f"{value * 1024:.0f} MiB"


def process_started_s() -> float:
    """Return when this process started, on the clock of `time.monotonic`.

    The platform's clock runs while Python imports, so a deadline counted from here is the platform's, less the time
    that the container took to start. Where the system does not tell (it is read from /proc), it is when this module
    was imported.
    """
    stat = Path("/proc/self/stat")
    if not stat.is_file():
        return _IMPORTED_S
    after_name = stat.read_text().rpartition(")")[2].split()
    since_boot_s = int(after_name[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5), starttime
    return time.monotonic() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot_s)


def is_exhausted(error: BaseException) -> bool:
    """Say whether an error means that memory, of the machine or the GPU, was not enough.

    Only Python raises MemoryError; ITK and torch raise a RuntimeError that says "failed to allocate memory",
    "can't allocate memory" or "out of memory". A library that is imported can find no room for its own pages.
    """
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _EXHAUSTED)


def _field_gib(path: Path, name: str) -> float:
    """Return a field of one of the kernel's tables, which count in KiB; 0 where there is no such table."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((int(line.split()[1]) * 1024 / GIB for line in lines if line.startswith(f"{name}:")), 0.0)
