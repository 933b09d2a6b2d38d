"""One case in a container, confined as the platform confines it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from hnseg.errors import EngineError
from hnseg.machine import processor_numbers
from hnseg.rehearsal.case_run import Run, wait_for
from hnseg.rehearsal.cases import Workplace
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.engine import Engine, last_line
from hnseg.rehearsal.running.watch import CgroupWatch, GpuWatch, MemoryWatch, StatisticsWatch, StreamWatch, cgroup_of

_ENTRY_POINT_AT_FAULT = {126, 127}
KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True)
class ContainerSetup:
    """What all cases' containers have in common.

    Attributes:
        engine: Starts them.
        image: Tag or identifier.
        profile: The limits.
        gpus: How many GPUs are passed to them.
    """

    engine: Engine
    image: str
    profile: Profile
    gpus: int


@dataclass(frozen=True)
class Live:
    """A container that runs.

    Attributes:
        identifier: The engine's name for it.
        process: The engine's client, which is attached to it and ends with it.
        started: `time.monotonic()` when its process was there.
        memory: Watches its memory.
        gpu: Watches the GPUs' memory; None without one.
    """

    identifier: str
    process: subprocess.Popen[bytes]
    started: float
    memory: MemoryWatch
    gpu: GpuWatch | None


def run_exec(setup: ContainerSetup, work: Workplace) -> Run:
    """Run a case the default way: the container starts, writes its output and ends by itself."""
    limit_s = setup.profile.time_limit_s
    with started(setup, work) as live:
        in_time = wait_for(live.process, until=live.started + limit_s, look=live.memory.sample)
        obeyed = in_time or stop(setup, live)
        return ended(setup, live, seconds=None if in_time else limit_s, timed_out=not in_time, obeyed_sigterm=obeyed)


@contextmanager
def started(setup: ContainerSetup, work: Workplace) -> Iterator[Live]:
    """Give a container that runs, and remove it afterwards.

    Raises:
        EngineError: The engine refuses to create or to start it.
    """
    engine = setup.engine
    with ExitStack() as at_the_end:
        if os.geteuid() != 0:
            at_the_end.callback(_let_us_remove, setup, work)
        identifier = _create(setup, work)
        at_the_end.callback(engine.try_to, "rm", "--force", "--volumes", identifier)
        gpu = GpuWatch() if setup.gpus else None
        if gpu:
            at_the_end.callback(gpu.stream.end)
        with work.stdout.open("wb") as stdout, work.stderr.open("wb") as stderr:
            process = subprocess.Popen([engine.command, "start", "--attach", identifier], stdout=stdout, stderr=stderr)
        pid = _first_process(engine, identifier, process)
        began = time.monotonic()
        if not pid:
            _make_sure_it_ran(engine, identifier, work)
        memory = _memory_watch(engine, identifier, pid)
        if isinstance(memory, StatisticsWatch):
            at_the_end.callback(memory.stream.end)
        yield Live(identifier, process, began, memory, gpu)


def _create(setup: ContainerSetup, work: Workplace) -> str:
    try:
        return setup.engine.ask("create", *create_arguments(setup, work), setup.image).splitlines()[-1]
    except EngineError as error:
        if "bind source path" in str(error):
            raise EngineError(
                f"{error}. The engine must see this machine's folders: set TMPDIR to one that it sees."
            ) from error
        raise


def create_arguments(setup: ContainerSetup, work: Workplace) -> list[str]:
    """Return the options that confine a container as the platform does, or more strictly."""
    profile = setup.profile
    arguments = [
        "--init",  # so that the program is not process 1, which ignores signals it does not handle
        "--pull=never",
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--security-opt=label=disable",
        f"--pids-limit={profile.pids}",
        f"--memory={profile.ram_bytes}",
        f"--memory-swap={profile.ram_bytes}",
        f"--shm-size={profile.shm_bytes}",
        f"--ulimit=data={profile.data_limit_bytes}:{profile.data_limit_bytes}",
        f"--mount=type=bind,src={work.input_dir},dst=/input,readonly",
        f"--mount=type=bind,src={work.model_dir},dst=/opt/ml/model,readonly",
        f"--mount=type=bind,src={work.output_dir},dst=/output",
        f"--mount=type=bind,src={work.scratch_dir},dst=/tmp",
        *(f"--env={name}={value}" for name, value in profile.environment.items()),
    ]
    processors = processor_numbers()
    if setup.engine.facts.chooses_processors and len(processors) > profile.cpus:
        arguments.append(f"--cpuset-cpus={','.join(map(str, processors[: profile.cpus]))}")
    if setup.engine.facts.is_podman:
        arguments.append("--read-only-tmpfs=false")
    if setup.gpus:
        arguments.append("--device=nvidia.com/gpu=all" if setup.engine.facts.is_podman else "--gpus=all")
    return arguments


def stop(setup: ContainerSetup, live: Live) -> bool:
    """Stop a container as the platform does, and say whether it ended by itself when asked to."""
    setup.engine.try_to("kill", "--signal=SIGTERM", live.identifier)
    obeyed = wait_for(live.process, until=time.monotonic() + setup.profile.grace_s, look=live.memory.sample)
    if not obeyed:
        setup.engine.try_to("kill", "--signal=SIGKILL", live.identifier)
        live.process.wait(timeout=60)
    return obeyed


def ended(setup: ContainerSetup, live: Live, *, seconds: float | None, timed_out: bool, obeyed_sigterm: bool) -> Run:
    """Describe an exec container that has ended; `seconds` None: as long as the engine says it ran."""
    state = setup.engine.inspect(live.identifier, "State")
    exit_code = int(state["ExitCode"])
    out_of_memory = bool(state.get("OOMKilled")) and exit_code != 0
    return Run(
        seconds=_seconds_between(state["StartedAt"], state["FinishedAt"]) if seconds is None else seconds,
        exit_code=exit_code,
        memory=live.memory.peak(),
        timed_out=timed_out,
        obeyed_sigterm=obeyed_sigterm,
        memory_killed=not timed_out and (out_of_memory or exit_code == KILLED),
        vram_gib=live.gpu.peak_gib(setup.gpus) if live.gpu else None,
    )


def statistics_of(engine: Engine, identifier: str) -> StatisticsWatch:
    """Watch a container's memory through the engine's statistics; Podman's would otherwise come every five seconds."""
    every_second = ["--interval=1"] if engine.facts.is_podman else []
    return StatisticsWatch(StreamWatch([engine.command, "stats", "--format={{.MemUsage}}", *every_second, identifier]))


def _first_process(engine: Engine, identifier: str, client: subprocess.Popen[bytes]) -> int:
    """Wait until the container runs and return its first process; 0 if it has ended already.

    The engine's own start is not the container's fault: the clock runs from here.
    """
    while client.poll() is None:
        pid = int(engine.inspect(identifier, "State").get("Pid") or 0)
        if pid:
            return pid
        time.sleep(0.01)
    return 0


def _make_sure_it_ran(engine: Engine, identifier: str, work: Workplace) -> None:
    """Tell a container that has ended already from one that the engine could not even start."""
    state = engine.inspect(identifier, "State")
    never_started = str(state["StartedAt"]).startswith("0001")
    if never_started and int(state["ExitCode"]) not in _ENTRY_POINT_AT_FAULT:
        reason = last_line(work.stderr.read_text(encoding="utf-8", errors="replace"))
        raise EngineError(f"{engine.facts.version} could not start the container under the platform's limits: {reason}")


def _memory_watch(engine: Engine, identifier: str, pid: int) -> MemoryWatch:
    folder = cgroup_of(pid, identifier)
    if folder is not None or not engine.inspect(identifier, "State").get("Pid"):
        return CgroupWatch(folder)
    return statistics_of(engine, identifier)


def _seconds_between(start: str, end: str) -> float:
    return (_moment(end) - _moment(start)).total_seconds()


def _moment(text: str) -> datetime:
    """Read the engine's time, which may have nine digits of a second and the letter Z."""
    moment, _, zone = text.replace("Z", "+00:00").rpartition("+")
    whole, _, fraction = moment.partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+{zone}")


def _let_us_remove(setup: ContainerSetup, work: Workplace) -> None:
    """Open up what the container's user wrote, which only root could otherwise remove."""
    setup.engine.try_to(
        "run", "--rm", "--pull=never", "--network=none", "--user=0:0", "--security-opt=label=disable",
        f"--mount=type=bind,src={work.output_dir},dst=/output",
        f"--mount=type=bind,src={work.scratch_dir},dst=/tmp",
        "--entrypoint=/bin/sh", setup.image, "-c", "chmod -R a+rwX /output /tmp",
    )  # fmt: skip
