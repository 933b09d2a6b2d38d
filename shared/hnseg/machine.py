"""Machine as this process may use it: processors and memory, and when the process started.

Limits count in whatever confines the process: its affinity, its control group, its resource limits.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path, PurePosixPath

GIB = 1 << 30
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")
_STATUS = Path("/proc/self/status")
_IMPORTED_S = time.monotonic()


def limit_gib() -> float:
    """Return the memory this process may have: the machine's, its container's, or its own limit, whichever is least.

    The platform takes 1 GB off the machine's memory and enforces that as RLIMIT_DATA
    (DIAGNijmegen/rse-sagemaker-shim, `cli.py`), so a limit can be met without any container limit.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_cgroup_memory()]
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
    """Return how many processors this process may keep busy: its affinity, and its control groups' quotas if less."""
    return min([float(len(processor_numbers())), *_cgroup_quotas()])


def _cgroup_memory() -> list[int]:
    """Return the memory limits in bytes of the control groups that this process is in, of version 1 and 2."""
    words = [_words(group / "memory.max") for group in _control_groups("")]
    words += [_words(group / "memory.limit_in_bytes") for group in _control_groups("memory")]
    return [int(each[0]) for each in words if len(each) == 1 and each[0].isdecimal()]  # version 2 has "max" for none


def _cgroup_quotas() -> list[float]:
    """Return the quotas of processors of the control groups that this process is in, of version 1 and 2."""
    words = [_words(group / "cpu.max") for group in _control_groups("")]
    words += [
        _words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us") for group in _control_groups("cpu")
    ]
    pairs = [each for each in words if len(each) == 2 and all(word.isdecimal() for word in each)]  # "max", -1: none
    return [int(quota) / int(period) for quota, period in pairs if int(quota) > 0 and int(period) > 0]


def _control_groups(controller: str) -> list[Path]:
    """Return the folders of this process's control group and of all above it, up to the root.

    A limit of any of them holds. Inside a container the group is the root of what can be seen; where its path leads out
    of that (a namespace shows `/..`), or is not there, the root alone is looked at.

    Args:
        controller: Name of a controller of version 1; empty for version 2.
    """
    root = _CGROUPS / controller
    folders = [root]
    for line in _words_by_line(_OWN_CGROUPS):
        number, names, path = line
        if (controller in names.split(",") if controller else (number, names) == ("0", "")) and ".." not in path:
            below = PurePosixPath(path).relative_to("/")
            folders += [root / part for part in (below, *below.parents)]
    return list(dict.fromkeys(folders))


def _words_by_line(path: Path) -> list[list[str]]:
    """Return the three words of each line of a table of control groups: number, controllers and path."""
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return [line.split(":", 2) for line in lines if line.count(":") >= 2 and ":/" in line]


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
    """Return the words of a file; none where there is no such file, or it may not be read."""
    try:
        return path.read_text().split()
    except (OSError, ValueError):
        return []
