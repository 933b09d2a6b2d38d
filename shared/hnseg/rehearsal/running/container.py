"""Run of a case in a container, confined as the platform confines it."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from hnseg.bounded_files import read_bounded
from hnseg.errors import EngineError
from hnseg.machine import processor_numbers
from hnseg.printable import printable
from hnseg.rehearsal.case_run import CaseRun
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.engine import Engine, last_line
from hnseg.rehearsal.running.input_link import LINKED_FOLDER
from hnseg.rehearsal.running.inside import supervisor
from hnseg.rehearsal.running.stream import StreamEnd, logged_to
from hnseg.rehearsal.running.waiting import wait_for
from hnseg.rehearsal.running.watch import CgroupWatch, GpuWatch, MemoryWatch, StatisticsWatch, StreamWatch, cgroup_of
from hnseg.rehearsal.running.workplace import Workplace

_STRICTER_THAN_THE_PLATFORM = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
"""Options that forbid what no case needs and the platform does not forbid."""
_HELD_FOLDER = "/run/hnseg-rehearsal"
_HELD_FILE = "held.json"
_COMMAND_LINES = TypeAdapter(list[str])
_ENTRY_POINT_AT_FAULT = {126, 127}
UNKNOWN_USER = re.compile(r"Error\b.*\bunable to find (?:user|group) ")
"""Last line of an engine that does not start an image because its USER does not exist in it."""
_NEVER = "0001"
"""Year of the engine's zero time, which stands for a container that never started."""


@dataclass(frozen=True)
class ContainerSetup:
    """Setup that all cases' containers have in common.

    Attributes:
        engine: Engine that starts the containers.
        image: Tag or identifier of the image.
        profile: Limits of the platform.
        gpus: Number of GPUs that are passed to each container.
        command: Program of the image and its arguments.
        python: Name of the image's Python; empty without one.
        has_link: Whether the image's /input is a link, as `input_link` makes it.
    """

    engine: Engine
    image: str
    profile: Profile
    gpus: int
    command: tuple[str, ...]
    python: str = ""
    has_link: bool = False


@dataclass(frozen=True)
class RunningContainer:
    """Container that runs.

    Attributes:
        identifier: Identifier that the engine gave.
        process: Client of the engine, attached to the container; it ends with the container.
        started: Moment at which the container's process was there, as `time.monotonic()` counts.
        memory: Watch of the container's memory.
        gpu: Watch of the GPUs' memory; None without a GPU.
        streams: Its stdout and stderr.
    """

    identifier: str
    process: subprocess.Popen[bytes]
    started: float
    memory: MemoryWatch
    gpu: GpuWatch | None
    streams: tuple[StreamEnd, StreamEnd]


def run_exec(setup: ContainerSetup, work: Workplace) -> CaseRun:
    """Run a case the default way: the container starts, writes its output and ends by itself."""
    limit_s = setup.profile.time_limit_s
    with running_container(setup, work) as container:
        in_time = wait_for(container.process, until=container.started + limit_s, sample=container.memory.sample)
        obeyed = in_time or stop_container(setup, container)
        return _ended_run(setup, work, container, in_time=in_time, obeyed_sigterm=obeyed)


@contextmanager
def running_container(setup: ContainerSetup, work: Workplace) -> Iterator[RunningContainer]:
    """Start a container, yield it, and remove it afterwards.

    Raises:
        EngineError: The engine refuses to create or to start it.
    """
    engine = setup.engine
    with ExitStack() as at_the_end:
        stdout, stderr = at_the_end.enter_context(logged_to(work.stdout, work.stderr))
        stdout.listener = work.listener
        if os.geteuid() != 0:
            at_the_end.callback(open_for_removal, setup, work)
        identifier = _create(setup, work)
        at_the_end.callback(engine.try_to, "rm", "--force", "--volumes", identifier)
        gpu = GpuWatch(setup.gpus) if setup.gpus else None
        if gpu:
            at_the_end.callback(gpu.stream.end)
        process = subprocess.Popen(
            [engine.command, "start", "--attach", identifier], stdout=stdout.writer, stderr=stderr.writer
        )
        stdout.close_writer()
        stderr.close_writer()
        pid = _first_process(engine, identifier, process)
        began = time.monotonic()
        if not pid:
            _check_it_ran(engine, identifier, stderr)
        memory = _memory_watch(engine, identifier, pid)
        if isinstance(memory, StatisticsWatch):
            at_the_end.callback(memory.stream.end)
        yield RunningContainer(identifier, process, began, memory, gpu, (stdout, stderr))


def _create(setup: ContainerSetup, work: Workplace) -> str:
    try:
        return setup.engine.ask("create", *create_arguments(setup, work), *_image_and_command(setup)).splitlines()[-1]
    except EngineError as error:
        if "bind source path" in error.engine_says:
            raise EngineError(
                f"{error}. The engine must see this machine's folders: set TMPDIR to one that it sees.",
                engine_says=error.engine_says,
            ) from error
        raise


def create_arguments(setup: ContainerSetup, work: Workplace) -> list[str]:
    """Return the options that confine a container as the platform does, or more strictly."""
    profile = setup.profile
    arguments = [
        *_first_program(setup, work),
        *_confinement(setup, work),
        f"--shm-size={profile.shm_bytes}",
        f"--ulimit=data={profile.data_limit_bytes}:{profile.data_limit_bytes}",
        _input_mount(setup, work),
        "--oom-score-adj=1000",
        *(f"--env={name}={value}" for name, value in profile.environment.items()),
    ]
    processors = processor_numbers()
    if setup.engine.facts.chooses_processors and len(processors) > profile.cpus:
        arguments.append(f"--cpuset-cpus={','.join(map(str, processors[: profile.cpus]))}")
    if setup.engine.facts.is_podman and profile.confinement == "stricter":
        arguments.append("--read-only-tmpfs=false")
    if setup.gpus:
        arguments.append("--device=nvidia.com/gpu=all" if setup.engine.facts.is_podman else "--gpus=all")
    return arguments


def _first_program(setup: ContainerSetup, work: Workplace) -> list[str]:
    """Return the options for process 1, which ignores signals it does not handle, and so is not the image's program."""
    if not setup.python:
        return ["--init"]
    return [f"--entrypoint={setup.python}", f"--mount=type=bind,src={work.held_dir},dst={_HELD_FOLDER}"]


def _image_and_command(setup: ContainerSetup) -> list[str]:
    if not setup.python:
        return [setup.image]
    source = inspect.getsource(supervisor)
    return [setup.image, "-I", "-S", "-c", source, f"{_HELD_FOLDER}/{_HELD_FILE}", *setup.command]


def _input_mount(setup: ContainerSetup, work: Workplace) -> str:
    source, target = (work.inputs_dir, LINKED_FOLDER) if setup.has_link else (work.input_dir, "/input")
    return f"--mount=type=bind,src={source},dst={target},readonly"


def _confinement(setup: ContainerSetup, work: Workplace) -> list[str]:
    """Return the options that every container of the image gets, whatever it is started for."""
    is_stricter = setup.profile.confinement == "stricter"
    return [
        "--pull=never",
        "--log-driver=none",  # the engine's own copy of the logs, which nobody would read, has no limit
        "--network=none",
        *(_STRICTER_THAN_THE_PLATFORM if is_stricter else ()),
        f"--pids-limit={setup.profile.pids}",
        "--security-opt=label=disable",
        f"--mount=type=bind,src={work.model_dir},dst=/opt/ml/model{',readonly' if is_stricter else ''}",
        f"--memory={setup.profile.ram_bytes}",
        f"--memory-swap={setup.profile.ram_bytes}",
        f"--mount=type=bind,src={work.output_dir},dst=/output",
        f"--mount=type=bind,src={work.scratch_dir},dst=/tmp",
    ]


def stop_container(setup: ContainerSetup, container: RunningContainer) -> bool:
    """Stop a container as the platform does, and return whether it ended at SIGTERM, without SIGKILL."""
    setup.engine.try_to("kill", "--signal=SIGTERM", container.identifier)
    until = time.monotonic() + setup.profile.grace_s
    obeyed = wait_for(container.process, until=until, sample=container.memory.sample)
    if not obeyed:
        setup.engine.try_to("kill", "--signal=SIGKILL", container.identifier)
        _wait_for_the_end(setup, container)
    return obeyed


def _wait_for_the_end(setup: ContainerSetup, container: RunningContainer) -> None:
    """Wait until a killed container has ended.

    Raises:
        EngineError: It has not within a minute.
    """
    try:
        container.process.wait(timeout=60)
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"A container must end at SIGKILL, but 60 s later {setup.engine.command} had not ended it."
            " Is the engine overloaded, or a disk of this machine not answering?"
        ) from error


def statistics_of(engine: Engine, identifier: str) -> StatisticsWatch:
    """Watch a container's memory through the engine's statistics, which are asked for every second."""
    # Podman's would otherwise come every five seconds.
    every_second = ["--interval=1"] if engine.facts.is_podman else []
    return StatisticsWatch(StreamWatch([engine.command, "stats", "--format={{.MemUsage}}", *every_second, identifier]))


def _ended_run(
    setup: ContainerSetup, work: Workplace, container: RunningContainer, *, in_time: bool, obeyed_sigterm: bool
) -> CaseRun:
    """Return the run of an exec container that has ended; one that was stopped took the whole time limit."""
    state = setup.engine.inspect(container.identifier, "State")
    exit_code = int(state["ExitCode"])
    return CaseRun(
        seconds=_seconds_between(state["StartedAt"], state["FinishedAt"]) if in_time else setup.profile.time_limit_s,
        exit_code=exit_code,
        memory=container.memory.peak(),
        timed_out=not in_time,
        obeyed_sigterm=obeyed_sigterm,
        memory_killed=in_time and exit_code != 0 and bool(state.get("OOMKilled")),
        held_by=() if in_time else held_by(work),
        gpus=setup.gpus,
        vram_gib=container.gpu.peak_gib() if container.gpu else None,
    )


def held_by(work: Workplace) -> tuple[str, ...]:
    """Return the command lines of the processes that held a stream open after the program's end; empty for none."""
    file = work.held_dir / _HELD_FILE
    if file.is_symlink():  # to a file of this machine, perhaps
        return ()
    try:
        told = read_bounded(file, most_mib=1)
        return tuple(printable(line) for line in _COMMAND_LINES.validate_json(told))
    except (OSError, ValidationError):  # nothing was told, or the container wrote something else there
        return ()


def _first_process(engine: Engine, identifier: str, client: subprocess.Popen[bytes]) -> int:
    """Wait until the container runs and return its first process's number; 0 if it has ended already.

    The time that the engine takes to start does not count: the clock runs from here.
    """
    while client.poll() is None:
        pid = int(engine.inspect(identifier, "State").get("Pid") or 0)
        if pid:
            return pid
        time.sleep(0.01)
    return 0


def _check_it_ran(engine: Engine, identifier: str, stderr: StreamEnd) -> None:
    """Check that a container without a process has run and ended, or could not for a reason in its image.

    Raises:
        EngineError: The engine could not even start the container.
    """
    state = engine.inspect(identifier, "State")
    if not str(state["StartedAt"]).startswith(_NEVER) or int(state["ExitCode"]) in _ENTRY_POINT_AT_FAULT:
        return
    reason = last_line(stderr.end().decode("utf-8", "backslashreplace"))
    if not UNKNOWN_USER.match(reason):
        raise EngineError(f"{engine.facts.version} could not start the container under the platform's limits: {reason}")


def _memory_watch(engine: Engine, identifier: str, pid: int) -> MemoryWatch:
    folder = cgroup_of(pid, identifier)
    if folder is not None or not engine.inspect(identifier, "State").get("Pid"):
        return CgroupWatch(folder)
    return statistics_of(engine, identifier)


def _seconds_between(start: str, end: str) -> float:
    return (_moment(end) - _moment(start)).total_seconds()


def _moment(text: str) -> datetime:
    """Return the engine's time, written with up to nine digits of a second and perhaps the letter Z, as a moment."""
    moment, _, zone = text.replace("Z", "+00:00").rpartition("+")
    whole, _, fraction = moment.partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+{zone}")


def open_for_removal(setup: ContainerSetup, work: Workplace) -> None:
    """Open the container's files to this user, who could otherwise neither read nor remove them.

    The image's own user does it, to whom they belong: as root, a hostile image could leave programs in the folders that
    run as root on this machine.
    """
    writable = ["/output", "/tmp", *(["/opt/ml/model"] if setup.profile.confinement == "platform" else [])]
    name = f"hnseg-{uuid4().hex}"
    command = ["run", "--rm", f"--name={name}", *_confinement(setup, work), "--entrypoint=/bin/sh", setup.image]
    if not setup.engine.try_to(*command, "-c", f"chmod -R a+rwX {' '.join(writable)}; true"):
        setup.engine.try_to("rm", "--force", "--volumes", name)
