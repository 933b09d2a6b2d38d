"""Run of a case as a plain process, without a container engine: the same clock and checks, fewer restrictions."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hnseg.machine import processor_numbers
from hnseg.printable import printable
from hnseg.rehearsal.case_run import CaseRun
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.inside.supervisor import holders
from hnseg.rehearsal.running.stream import StreamEnd, logged_to
from hnseg.rehearsal.running.waiting import wait_for, wait_until
from hnseg.rehearsal.running.watch import GpuWatch, SessionWatch
from hnseg.rehearsal.running.workplace import Workplace

_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME")
"""Variables that the process gets of this program's environment."""


@dataclass(frozen=True)
class ProcessSetup:
    """Setup that all cases' processes have in common.

    Attributes:
        command: Program and arguments, to which the three folders' options are added.
        folder: Folder in which the program is started.
        profile: Limits of the platform.
        cuts_network: Whether the kernel lets this user take the network away.
        gpus: Number of GPUs that the program may use.
    """

    command: tuple[str, ...]
    folder: Path
    profile: Profile
    cuts_network: bool
    gpus: int


def can_cut_network() -> bool:
    """Return whether a process started by this user can be kept from the network."""
    test = [*confined(2**40, cuts_network=True, cpus=processor_numbers()), sys.executable, "-c", ""]
    return subprocess.run(test, capture_output=True, check=False, timeout=60).returncode == 0


def process_gaps(*, cuts_network: bool) -> tuple[str, ...]:
    """Return the rules of the platform that a process can't rehearse, a sentence each."""
    always = (
        "No image was built or checked: USER, architecture, size and installed packages.",
        "The process ran as this user and could read and write this machine's files.",
        "The number of its processes and the size of /dev/shm were not limited.",
        "Memory was limited for each process (RLIMIT_DATA) and watched for all together, not by the kernel.",
        "Only exec was rehearsed, not invoke.",
    )
    return always if cuts_network else (*always, "The kernel does not let this user take the network away.")


@dataclass(frozen=True)
class Program:
    """Program that is started.

    Attributes:
        command: Program and arguments.
        folder: Folder in which it is started.
        environment: Its whole environment.
    """

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


def run_process(setup: ProcessSetup, work: Workplace) -> CaseRun:
    """Run a case as a process of its own session, and stop it as the platform does."""
    program = Program(_command(setup, work), setup.folder, _environment(setup, work))
    return run_program(program, setup.profile, setup.gpus, work)


def run_program(program: Program, profile: Profile, gpus: int, work: Workplace) -> CaseRun:
    """Run a program as a session of its own, and stop it as the platform does.

    Args:
        program: Program to start.
        profile: Limits of the platform.
        gpus: Number of GPUs that it may use, which are watched.
        work: Folders of the run, whose logs receive its streams.
    """
    gpu = GpuWatch(gpus) if gpus else None
    with logged_to(work.stdout, work.stderr) as (stdout, stderr):
        stdout.listener = work.listener
        began = time.monotonic()
        process = subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout.writer,
            stderr=stderr.writer,
            start_new_session=True,  # a group of its own, which can be stopped as a whole
        )
        stdout.close_writer()
        stderr.close_writer()
        run = _watched(profile, process, began, gpu, (stdout, stderr))
    return replace(run, gpus=gpus)


def _watched(
    profile: Profile,
    process: subprocess.Popen[bytes],
    began: float,
    gpu: GpuWatch | None,
    streams: tuple[StreamEnd, StreamEnd],
) -> CaseRun:
    """Wait for a process that began at a moment, and for its streams, stop it at the time limit, and return its run."""
    memory = SessionWatch(process.pid)
    killed: list[bool] = []

    def sample() -> None:
        """Sample the memory, and kill a program that has more than its limit."""
        if memory.sample() > profile.ram_bytes:
            killed.append(True)
            _signal(process, signal.SIGKILL)

    def is_over() -> bool:
        """Return whether the program has ended, and whoever else held its streams."""
        return process.poll() is not None and all(stream.is_closed for stream in streams)

    held_by: list[str] = []
    try:
        in_time = wait_until(is_over, until=began + profile.time_limit_s, sample=sample)
        seconds = time.monotonic() - began
        if not in_time and process.poll() is not None:
            held_by = holders({stream.pipe for stream in streams if not stream.is_closed})
        obeyed = in_time or _stop(process, profile)
    finally:
        exit_code = _end(process)  # also when SIGTERM stops this program
        if gpu:
            gpu.stream.end()
    return CaseRun(
        seconds=seconds,
        exit_code=exit_code,
        memory=memory.peak(),
        timed_out=not in_time,
        obeyed_sigterm=obeyed,
        memory_killed=bool(killed),
        held_by=tuple(map(printable, held_by)),
        vram_gib=gpu.peak_gib() if gpu else None,
    )


def _command(setup: ProcessSetup, work: Workplace) -> list[str]:
    folders = ("--input", work.input_dir, "--output", work.output_dir, "--model", work.model_dir)
    cpus = processor_numbers()[: setup.profile.cpus]
    limits = confined(setup.profile.data_limit_bytes, cuts_network=setup.cuts_network, cpus=cpus)
    return [*limits, *setup.command, *map(str, folders)]


def confined(data_bytes: int, *, cuts_network: bool, cpus: Sequence[int]) -> list[str]:
    """Return the start of a command that runs what follows under limits, see `inside.confine`."""
    limits = [str(data_bytes), ",".join(map(str, cpus)), "none" if cuts_network else "host"]
    return [sys.executable, "-m", "hnseg.rehearsal.running.inside.confine", *limits]


def _environment(setup: ProcessSetup, work: Workplace) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # An empty home, as in a container: weights that lie in this user's cache are not on the platform.
    own = {"HOME": str(work.scratch_dir), "TMPDIR": str(work.scratch_dir), "PYTHONDONTWRITEBYTECODE": "1"}
    own["OMP_WAIT_POLICY"] = "passive"  # as containers/Dockerfile sets it
    hidden = {} if setup.gpus else {"CUDA_VISIBLE_DEVICES": ""}
    return {**kept, **setup.profile.environment, **own, **hidden}


def _stop(process: subprocess.Popen[bytes], profile: Profile) -> bool:
    """Send SIGTERM to the whole group, and return whether its leader ended."""
    _signal(process, signal.SIGTERM)
    return wait_for(process, until=time.monotonic() + profile.grace_s, sample=lambda: None)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill the rest of the group and return the exit code, 128 + n after signal n."""
    _signal(process, signal.SIGKILL)
    code = process.wait()
    return 128 - code if code < 0 else code


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the group, if any of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
