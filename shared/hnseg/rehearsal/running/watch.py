"""Memory in use while a case runs: of a control group, of a session of processes, of the GPUs.

Program memory can't be dropped (anonymous and shared pages) and decides whether a case fits. The control group's own
high-water mark also counts the file cache, which the kernel drops when programs need the memory.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hnseg.machine import GIB

SAMPLE_S = 0.05
"""Seconds between two samples of the memory."""
_FIRST_SAMPLE_S = 10
"""Seconds that nvidia-smi has for its first sample: where no program holds the GPU, the driver starts it anew."""

_UNITS = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_MEMORY_USED = re.compile(r"([\d.]+[A-Za-z]+) / ")
_MEMORY_FACTS = ("RssAnon", "RssShmem", "VmHWM")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class MemoryPeak:
    """Most memory that was in use.

    Attributes:
        program_gib: Anonymous and shared pages, sampled; None where they can't be separated from the file cache.
        total_gib: Memory with the file cache; None where nothing could be measured.
        source: Way in which the memory was measured.
    """

    program_gib: float | None
    total_gib: float | None
    source: str


class MemoryWatch(Protocol):
    """Watch of the memory in use, sampled again and again."""

    def sample(self) -> int:
        """Take a sample and return the program memory now, in bytes; 0 where it is not known yet."""

    def peak(self) -> MemoryPeak:
        """Return the highest sample."""


@dataclass
class CgroupWatch:
    """Watch of a control group, version 1 or 2.

    Attributes:
        folder: Folder of the group; None where the group was gone before it could be found.
    """

    folder: Path | None
    _program: int = 0
    _total: int = 0

    def sample(self) -> int:
        """Take a sample, in bytes; after the group is gone its last values stay."""
        if self.folder is None:
            return 0
        try:
            facts = dict(line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
            # Version 1 counts the groups below only in the values named total_.
            names = ("anon", "shmem") if "anon" in facts else ("total_rss", "total_shmem")
            now = sum(int(facts.get(name, 0)) for name in names)
        except (OSError, ValueError):
            return self._program
        self._program = max(self._program, now)
        for name in ("memory.peak", "memory.max_usage_in_bytes", "memory.current"):
            try:
                self._total = max(self._total, int((self.folder / name).read_text()))
            except (OSError, ValueError):
                continue
            break
        return now

    def peak(self) -> MemoryPeak:
        """Return the highest sample."""
        source = f"control group, program memory sampled every {SAMPLE_S * 1000:g} ms"
        return MemoryPeak(_gib(self._program), _gib(self._total), source)


@dataclass
class SessionWatch:
    """Watch of all processes of one session.

    Attributes:
        leader: Number of the process that leads the session.
    """

    leader: int
    _program: int = 0
    _total: int = 0

    def sample(self) -> int:
        """Take a sample of every process of the session, in bytes."""
        program = total = 0
        for pid in _session(self.leader):
            facts = _status(pid)
            program += facts.get("RssAnon", 0) + facts.get("RssShmem", 0)
            total += facts.get("VmHWM", 0)  # the kernel's own high-water mark
        self._program, self._total = max(self._program, program), max(self._total, total)
        return program

    def peak(self) -> MemoryPeak:
        """Return the highest sample."""
        source = f"processes, sampled every {SAMPLE_S * 1000:g} ms"
        return MemoryPeak(_gib(self._program), _gib(self._total), source)


@dataclass
class StreamWatch:
    """Command that prints the memory in use again and again; it starts at once and runs until it is stopped.

    Attributes:
        command: Program and arguments.
    """

    command: list[str]

    def __post_init__(self) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (stop closes it)
        self._process = subprocess.Popen(self.command, stdout=self._output, stderr=subprocess.DEVNULL)

    def end(self) -> None:
        """End the command, if it has not ended yet; its lines stay."""
        self._process.kill()  # docker stats does not end at SIGTERM when its container has
        self._process.wait()

    @property
    def has_ended(self) -> bool:
        """Whether the command has ended."""
        return self._process.poll() is not None

    def lines(self) -> list[str]:
        """Return the lines that the command has printed so far."""
        file = self._output.fileno()
        printed = os.pread(file, os.fstat(file).st_size, 0)  # the command writes where this program's offset stands
        return _ESCAPES.sub("", printed.decode("utf-8", "replace")).splitlines()


@dataclass
class StatisticsWatch:
    """Watch of a container by the engine's statistics, for an engine whose control groups can't be read from here.

    Attributes:
        stream: Command that prints the statistics.
    """

    stream: StreamWatch

    def sample(self) -> int:
        """Return 0: the statistics are read when the peak is asked for."""
        return 0

    def peak(self) -> MemoryPeak:
        """Return the highest value that the command has printed."""
        used = [bytes_of(match[1]) for line in self.stream.lines() if (match := _MEMORY_USED.search(line))]
        return MemoryPeak(None, _gib(max(used, default=0)), "the engine's statistics, about one a second")


@dataclass
class GpuWatch:
    """Watch of the memory in use on all GPUs, less the memory in use before the program starts.

    It is the cards' memory, not that of the program's arrays, so CUDA's context and its libraries count: some hundred
    MiB that a limit of the program's own allocator leaves out. So does another program that starts or ends meanwhile.
    The watch begins with its first sample, for which it waits, so that it can be made just before the program starts.

    Attributes:
        gpus: Number of GPUs; as many lines are one sample.
        stream: Command that prints the memory of each GPU, in MiB, a line each.
    """

    gpus: int
    stream: StreamWatch = field(
        default_factory=lambda: StreamWatch(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--loop-ms=200"]
        )
    )

    def __post_init__(self) -> None:
        until = time.monotonic() + _FIRST_SAMPLE_S
        while not self._samples() and not self.stream.has_ended and time.monotonic() < until:
            time.sleep(SAMPLE_S)

    def peak_gib(self) -> float | None:
        """Return the largest rise so far, in GiB; None without a sample."""
        samples = self._samples()
        return (max(samples) - samples[0]) / 1024 if samples else None

    def _samples(self) -> list[float]:
        """Return the memory in use on all GPUs together, in MiB, of each sample."""
        used = [float(line) for line in self.stream.lines() if line.strip().isdigit()]
        return [sum(used[start : start + self.gpus]) for start in range(0, len(used) - self.gpus + 1, self.gpus)]


def cgroup_of(pid: int, container: str) -> Path | None:
    """Return the memory control group of a container's first process, or None where it can't be read from here.

    Args:
        pid: Number of the process, as the engine counts; the same here only if the engine runs on this machine and
            not in a machine of its own.
        container: Identifier of the container, which must be part of the group's name.
    """
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if container not in name or controllers not in {"", "memory"}:
            continue
        # Podman puts the process into a group below the container's own.
        parts = Path(name.lstrip("/")).parts
        own = next(i for i, part in enumerate(parts) if container in part) + 1
        folder = Path("/sys/fs/cgroup", controllers, *parts[:own])
        if (folder / "memory.stat").is_file():
            return folder
    return None


def bytes_of(text: str) -> float:
    """Return the number of bytes in a text such as 1.5GiB.

    Raises:
        ValueError: The text is no number with a unit of bytes.
    """
    match = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError(f"a number of bytes must look like 1.5GiB, found {text!r}")
    return float(match[1]) * _UNITS[match[2].upper()]


def _gib(count: float) -> float | None:
    """Return bytes in GiB; None for 0, because every process uses some, so nothing was measured."""
    return count / GIB if count else None


def _session(leader: int) -> list[int]:
    """Return the numbers of a session's processes; none where there is no /proc."""
    members = []
    for entry in os.scandir("/proc") if Path("/proc/self/stat").exists() else ():
        if not entry.name.isdigit():
            continue
        try:
            # The fields after the program's name, which may hold blanks: state, parent, group, session.
            fields = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            members.append(int(entry.name))
    return members


def _status(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)  # a program chooses its own name, which is one of the lines
    return {name: int(value.split()[0]) * 1024 for name, _, value in pairs if name in _MEMORY_FACTS}
