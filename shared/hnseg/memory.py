"""How much memory this process may have, and how much it has had."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

_GIB = float(1 << 30)
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # cgroup v2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # v1
)


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
    return min(limits) / _GIB


def peak_gib() -> float:
    """Return the largest resident memory this process has had so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux hands getrusage's peak down from the parent that started the process; this one is the process's own.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / _GIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / _GIB


def is_exhausted(error: BaseException) -> bool:
    """Say whether an error means that memory, of the machine or the GPU, was not enough.

    Only Python raises MemoryError; ITK and torch raise a RuntimeError that says "failed to allocate memory",
    "can't allocate memory" or "out of memory".
    """
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(
        words in text for words in ("allocate memory", "out of memory", "bad_alloc")
    )
