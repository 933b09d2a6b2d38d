"""Machine as this process may use it: processors and memory, and when the process started.

Limits count in whatever confines the process: its affinity, its control group, its resource limits.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

GIB = 1 << 30
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # cgroup v2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # v1
)
_CGROUP_QUOTA_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_QUOTA_V1 = (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"))
_STATUS = Path("/proc/self/status")
_IMPORTED_S = time.monotonic()


def limit_gib() -> float:
    """Return the memory this process may have: the machine's, its container's, or its own limit, whichever is least.

    The platform takes 1 GB off the machine's memory and enforces that as RLIMIT_DATA
    (DIAGNijmegen/rse-sagemaker-shim, `cli.py`), so a limit can be met without any container limit.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    written = [path.read_text().strip() for path in _CGROUP_LIMITS if path.is_file()]
    limits += [int(text) for text in written if text.isdigit()]  # v2 writes "max" for none
    own = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    limits += [limit for limit in own if limit != resource.RLIM_INFINITY]
    return min(limits) / GIB


def peak_gib() -> float:
    """Return the largest resident memory this process has had so far."""
    # Linux hands getrusage's peak down from the parent that started the process; this one is the process's own.
    if own := _field_gib(_STATUS, "VmHWM"):
        return own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / GIB


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


def processors() -> float:
    """Return how many processors this process may keep busy: its affinity, and its control group's quota if less."""
    allowed = float(len(processor_numbers()))
    words = _words(_CGROUP_QUOTA_V2) or [word for path in _CGROUP_QUOTA_V1 for word in _words(path)]
    if len(words) != 2 or not all(word.isdigit() for word in words):  # "max" or -1: no quota
        return allowed
    return min(allowed, int(words[0]) / int(words[1]))


def usable_threads() -> int:
    """Return how many threads can run at once.

    More threads than the quota allows would wait for each other while the control group is throttled.
    """
    return max(1, int(processors()))


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
    "can't allocate memory" or "out of memory".
    """
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(
        words in text for words in ("allocate memory", "out of memory", "bad_alloc")
    )


def _field_gib(path: Path, name: str) -> float:
    """Return a field of one of the kernel's tables, which count in KiB; 0 where there is no such table."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((int(line.split()[1]) * 1024 / GIB for line in lines if line.startswith(f"{name}:")), 0.0)


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []
