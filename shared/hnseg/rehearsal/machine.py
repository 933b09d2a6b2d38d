"""Host of a rehearsal: its system, processors, memory and GPUs, for the report."""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hnseg.machine import limit_gib, processors


@dataclass(frozen=True)
class Gpu:
    """Graphics processor as nvidia-smi describes it.

    Attributes:
        name: Name of the model, such as Tesla T4.
        memory_gib: Memory of the card, in GiB.
    """

    name: str
    memory_gib: float


@dataclass(frozen=True)
class Machine:
    """Host of a rehearsal.

    Attributes:
        system: Kernel and architecture.
        cpu: Model name of the processor, or its architecture.
        cpus: Number of processors this program may use, a quota of its control group counted in.
        ram_gib: Memory this program may use, in GiB, a limit of its control group counted in.
        gpus: Graphics processors that nvidia-smi lists; empty without nvidia-smi.
    """

    system: str
    cpu: str
    cpus: float
    ram_gib: float
    gpus: tuple[Gpu, ...]


def this_machine() -> Machine:
    """Return the description of this machine."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=_cpu_model(),
        cpus=processors(),
        ram_gib=limit_gib(),
        gpus=_gpus(),
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _gpus() -> tuple[Gpu, ...]:
    if shutil.which("nvidia-smi") is None:
        return ()
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return ()
    if done.returncode != 0:
        return ()
    rows = [line.rpartition(",") for line in done.stdout.splitlines() if "," in line]
    return tuple(Gpu(name=name.strip(), memory_gib=float(mebibytes) / 1024) for name, _, mebibytes in rows)
