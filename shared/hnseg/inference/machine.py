"""What this machine gives the process: processors and memory."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import torch

from hnseg.memory import limit_gib

GIB = 1 << 30

_QUOTA_V2 = Path("/sys/fs/cgroup/cpu.max")
_QUOTA_V1 = (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"))


def usable_processors() -> int:
    """Return how many threads can run at once, by the process's affinity and its container's quota.

    More threads than the quota allows would wait for each other while the container is throttled.
    """
    present = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = _words(_QUOTA_V2) or [word for path in _QUOTA_V1 for word in _words(path)]
    if len(words) != 2 or not words[0].isdigit():  # "max" or -1: none
        return present
    return max(1, min(present, int(words[0]) // int(words[1])))


def free_ram_gib() -> float:
    """Return how much more memory this process can have."""
    status = Path("/proc/self/status")
    free = [limit_gib() - _field_gib(status, "VmRSS")]
    data_limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    if data_limit != resource.RLIM_INFINITY:
        free.append(data_limit / GIB - _field_gib(status, "VmData"))
    if available := _field_gib(Path("/proc/meminfo"), "MemAvailable"):
        free.append(available)
    return min(free)


def free_vram_gib(device: torch.device, most_gib: float = float("inf")) -> float:
    """Return how much more memory a GPU can give this process, if it may have no more than `most_gib` in all."""
    free = torch.cuda.mem_get_info(device)[0] / GIB
    return min(free, most_gib - torch.cuda.memory_allocated(device) / GIB)


def _field_gib(path: Path, name: str) -> float:
    """Return a field of one of the kernel's tables, which count in KiB; 0 where there is no such table."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((int(line.split()[1]) * 1024 / GIB for line in lines if line.startswith(f"{name}:")), 0.0)


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []
