"""Runs of cases in a container that serves requests, called as the platform calls it."""

from __future__ import annotations

import inspect
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from hnseg.errors import EngineError
from hnseg.rehearsal.case_run import CaseRun, RunCase, ServerFault
from hnseg.rehearsal.running.container import (
    ContainerSetup,
    RunningContainer,
    open_for_removal,
    running_container,
    stop_container,
)
from hnseg.rehearsal.running.input_link import CURRENT
from hnseg.rehearsal.running.inside import probe
from hnseg.rehearsal.running.removal import remove_tree
from hnseg.rehearsal.running.stream import StreamEnd
from hnseg.rehearsal.running.waiting import wait_for
from hnseg.rehearsal.running.workplace import Workplace, empty_workplace

_MOST_REPLY_BYTES = 1 << 16
_PATIENCE_S = 10  # for the engine to start the call itself, beyond the call's own limit


class Outcome(Enum):
    """Outcome of a call, by the word that `probe` prints."""

    ANSWERED = "answered"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    BROKEN = "broken"
    """Connection closed before the whole reply had come."""
    ENDED = "ended"
    """Container ended before its reply; `probe`, which ends with it, never prints this one."""


class _PrintedReply(BaseModel):
    """Line of JSON that `probe` prints; the body is not read."""

    outcome: Outcome
    status: Annotated[int, Field(ge=0, le=999)] | None
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Reply:
    """Reply to a call of a server.

    Attributes:
        outcome: Outcome of the call.
        status: HTTP status; None without a reply.
        seconds: Duration of the call.
    """

    outcome: Outcome
    status: int | None
    seconds: float


class Servers:
    """Servers of the cases: one container serves them all, one after the other.

    As on the platform, a case that fails ends its container (DIAGNijmegen/rse-sagemaker-shim at b20f0a7, `cli.py`). The
    next one gets a new container, as it would in a job of its own.
    """

    def __init__(self, setup: ContainerSetup, model_dir: Path) -> None:
        self._setup = setup
        self._model_dir = model_dir
        self._at_the_end = ExitStack()
        self._server: Server | None = None

    def run(self, work: Workplace) -> CaseRun:
        """Have the present server, or a new one, segment a case.

        Raises:
            EngineError: The image has no Python to make the calls with.
        """
        is_new = self._server is None
        server = self._server or self._start()
        run = server.run(work)
        if run.server_fault is not None:
            self.end()
        return run if is_new else replace(run, startup_s=None)

    def end(self) -> None:
        """Stop the server, if there is one, and remove its container."""
        self._server = None
        self._at_the_end.close()

    def _start(self) -> Server:
        may_write = self._setup.profile.confinement == "platform"
        place = self._at_the_end.enter_context(empty_workplace(self._model_dir, may_write_model=may_write))
        (place.inputs_dir / CURRENT).unlink()  # there is no case yet
        container = self._at_the_end.enter_context(running_container(self._setup, place))
        self._server = Server(self._setup, place, container)
        self._at_the_end.callback(self._server.stop)
        return self._server


@contextmanager
def served_cases(setup: ContainerSetup, model_dir: Path) -> Iterator[RunCase]:
    """Yield a function that runs a case on a server that has run the cases before; the servers end with the block."""
    servers = Servers(setup, model_dir)
    try:
        yield servers.run
    finally:
        servers.end()


class Server:
    """Server in its container, which is handed one case after the other.

    Attributes:
        setup: Setup of the container.
        place: Folders of the container, into which each case's input is put.
        container: The container, which runs.
    """

    def __init__(self, setup: ContainerSetup, place: Workplace, container: RunningContainer) -> None:
        self.setup = setup
        self.place = place
        self.container = container
        self._startup_s: float | None = None
        self._cases = 0

    def run(self, work: Workplace) -> CaseRun:
        """Wait until the server is healthy, if this is its first case, and have it segment a case.

        Raises:
            EngineError: The image has no Python to make the calls with.
        """
        fault, invoke = self._start_up(), None
        if fault is None:
            self._hand_in(work)
            self.container.streams[0].listener = work.listener
            invoke = _call(self.setup, self.container, "invoke", (self.setup.profile.time_limit_s,))
            fault = invoke_fault(invoke)
        run = self._run(invoke, fault)
        self._hand_out(work)
        return run

    def stop(self) -> bool:
        """Stop the server, and return whether it ended at SIGTERM or before."""
        return self.container.process.poll() is not None or stop_container(self.setup, self.container)

    def _start_up(self) -> ServerFault | None:
        if self._startup_s is not None:
            return None
        if not self.setup.python:
            raise EngineError(
                "An image that serves requests must hold a Python to be rehearsed, because its server is called from"
                " inside, but neither python3 nor python is on its PATH."
            )
        profile = self.setup.profile
        health = _call(self.setup, self.container, "health", (profile.health_limit_s, profile.health_call_limit_s))
        self._startup_s = health.seconds
        return health_fault(health)

    def _hand_in(self, work: Workplace) -> None:
        """Make a case's input that of the container, whose output is empty by now."""
        self._cases += 1
        if not self.setup.has_link:
            for entry in work.input_dir.iterdir():
                entry.rename(self.place.input_dir / entry.name)
            return
        folder = self.place.inputs_dir / f"case-{self._cases}-input"
        work.input_dir.rename(folder)
        (self.place.inputs_dir / CURRENT).symlink_to(folder.name)

    def _hand_out(self, work: Workplace) -> None:
        """Move what the server wrote, and said, since the case before to the case's own folder, and its input away."""
        if os.geteuid() != 0:
            open_for_removal(self.setup, self.place)
        for entry in self.place.output_dir.iterdir():
            entry.rename(work.output_dir / entry.name)
        for stream, file in zip(self.container.streams, (work.stdout, work.stderr), strict=True):
            stream.cut_to(file)
        (self.place.inputs_dir / CURRENT).unlink(missing_ok=True)
        for entry in self.place.inputs_dir.glob("*/*"):
            remove_tree(entry) if entry.is_dir() else entry.unlink()

    def _run(self, invoke: Reply | None, fault: ServerFault | None) -> CaseRun:
        """Return the run of a case; with a fault the server is stopped, and its exit code counts if it had ended."""
        may_be_ending = fault in {ServerFault.BROKEN, ServerFault.REFUSED, ServerFault.UNHEALTHY}
        ended_itself = _has_ended(self.container) if may_be_ending else self.container.process.poll() is not None
        obeyed = fault is None or self.stop()
        state = self.setup.engine.inspect(self.container.identifier, "State")
        return CaseRun(
            seconds=0.0 if invoke is None else invoke.seconds,
            exit_code=int(state["ExitCode"]) if ended_itself else None,
            memory=self.container.memory.peak(),
            startup_s=self._startup_s,
            timed_out=fault is ServerFault.TIMED_OUT,
            obeyed_sigterm=obeyed,
            memory_killed=fault is not None and bool(state.get("OOMKilled")),
            server_fault=fault,
            invoke_status=None if invoke is None else invoke.status,
            gpus=self.setup.gpus,
            vram_gib=self.container.gpu.peak_gib() if self.container.gpu else None,
        )


def health_fault(reply: Reply) -> ServerFault | None:
    """Return the fault that the last reply of /health shows; None for status 200."""
    if reply.status is not None and 300 <= reply.status < 400:
        return ServerFault.REDIRECTED
    return None if reply.status == 200 else ServerFault.UNHEALTHY


def invoke_fault(reply: Reply) -> ServerFault | None:
    """Return the fault that the reply of /invoke shows; None for status 201 and a whole body."""
    if reply.status is not None and reply.status != 201:
        return ServerFault.WRONG_STATUS
    return {
        Outcome.ANSWERED: None,
        Outcome.TIMEOUT: ServerFault.TIMED_OUT,
        Outcome.REFUSED: ServerFault.REFUSED,
        Outcome.BROKEN: ServerFault.BROKEN,
        Outcome.ENDED: ServerFault.BROKEN,
    }[reply.outcome]


def _call(setup: ContainerSetup, container: RunningContainer, endpoint: str, limits_s: tuple[float, ...]) -> Reply:
    """Call an endpoint from inside the container, sampling its memory meanwhile.

    Args:
        setup: Engine, port, and the name of the container's Python.
        container: Container of the server.
        endpoint: health or invoke.
        limits_s: Limits that `probe` takes; the first is that of the whole call.
    """
    began = time.monotonic()
    arguments = ["-c", inspect.getsource(probe), endpoint, str(setup.profile.port), *map(str, limits_s)]
    output = StreamEnd(most_bytes=_MOST_REPLY_BYTES)
    process = subprocess.Popen(
        [setup.engine.command, "exec", container.identifier, setup.python, *arguments],
        stdout=output.writer,
        stderr=subprocess.DEVNULL,
    )
    output.close_writer()
    if not wait_for(process, until=began + limits_s[0] + _PATIENCE_S, sample=container.memory.sample):
        process.kill()
    process.wait()
    printed, seconds = output.end(), time.monotonic() - began
    if printed:
        return reply_in(printed, seconds)
    outcome = Outcome.ENDED if _has_ended(container) else Outcome.TIMEOUT
    return Reply(outcome, status=None, seconds=seconds)


def reply_in(printed: bytes, seconds: float) -> Reply:
    """Return the reply that `probe` printed; a broken one where the container's Python printed something else.

    Args:
        printed: Output of the container's Python.
        seconds: Duration of the call with its start, as measured here, above which the printed one is not believed.
    """
    try:
        reply = _PrintedReply.model_validate_json(printed)
    except ValidationError:
        return Reply(Outcome.BROKEN, status=None, seconds=seconds)
    return Reply(reply.outcome, reply.status, min(reply.seconds, seconds))


def _has_ended(container: RunningContainer) -> bool:
    """Return whether the container has ended, or does within a second: its calls end a moment before it."""
    return wait_for(container.process, until=time.monotonic() + 1, sample=container.memory.sample)
