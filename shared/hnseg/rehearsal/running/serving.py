"""Run of a case in a container that serves requests, called as the platform calls it."""

from __future__ import annotations

import inspect
import subprocess
import time
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from hnseg.errors import EngineError
from hnseg.rehearsal.case_run import CaseRun, ServerFault
from hnseg.rehearsal.running import probe
from hnseg.rehearsal.running.container import (
    SIGKILL_STATUS,
    ContainerSetup,
    RunningContainer,
    running_container,
    stop_container,
)
from hnseg.rehearsal.running.stream import StreamEnd
from hnseg.rehearsal.running.waiting import wait_for
from hnseg.rehearsal.running.workplace import Workplace

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


def run_invoke(setup: ContainerSetup, work: Workplace) -> CaseRun:
    """Start a case's server, wait until it is healthy, have it segment the case, and stop it.

    Raises:
        EngineError: The image has no Python to make the calls with.
    """
    profile = setup.profile
    with running_container(setup, work) as container:
        python = _python_in(setup, container)
        health = _call(setup, container, python, "health", (profile.health_limit_s, profile.health_call_limit_s))
        if fault := health_fault(health):
            return _stopped_run(setup, container, startup_s=health.seconds, invoke=None, fault=fault)
        invoke = _call(setup, container, python, "invoke", (profile.time_limit_s,))
        return _stopped_run(setup, container, startup_s=health.seconds, invoke=invoke, fault=invoke_fault(invoke))


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


def _stopped_run(
    setup: ContainerSetup,
    container: RunningContainer,
    *,
    startup_s: float,
    invoke: Reply | None,
    fault: ServerFault | None,
) -> CaseRun:
    """Stop the server and return its run, whose exit code counts only if the server ended of its own accord."""
    ended_itself = container.process.poll() is not None
    obeyed = ended_itself or stop_container(setup, container)
    state = setup.engine.inspect(container.identifier, "State")
    exit_code = int(state["ExitCode"]) if ended_itself else None
    return CaseRun(
        seconds=0.0 if invoke is None else invoke.seconds,
        exit_code=exit_code,
        memory=container.memory.peak(),
        startup_s=startup_s,
        timed_out=fault is ServerFault.TIMED_OUT,
        obeyed_sigterm=obeyed,
        memory_killed=fault is not None and (bool(state.get("OOMKilled")) or exit_code == SIGKILL_STATUS),
        server_fault=fault,
        invoke_status=None if invoke is None else invoke.status,
        vram_gib=container.gpu.peak_gib(setup.gpus) if container.gpu else None,
    )


def _python_in(setup: ContainerSetup, container: RunningContainer) -> str:
    """Return the name of the container's Python.

    Raises:
        EngineError: The container has none.
    """
    for python in ("python3", "python"):
        if setup.engine.try_to("exec", container.identifier, python, "-c", ""):
            return python
    if _has_ended(container):
        return "python3"
    raise EngineError(
        "An image that serves requests must hold a Python to be rehearsed, because its server is called from inside,"
        " but neither python3 nor python is on its PATH."
    )


def _call(
    setup: ContainerSetup, container: RunningContainer, python: str, endpoint: str, limits_s: tuple[float, ...]
) -> Reply:
    """Call an endpoint from inside the container, sampling its memory meanwhile.

    Args:
        setup: Engine and port.
        container: Container of the server.
        python: Name of the container's Python.
        endpoint: health or invoke.
        limits_s: Limits that `probe` takes; the first is that of the whole call.
    """
    began = time.monotonic()
    arguments = ["-c", inspect.getsource(probe), endpoint, str(setup.profile.port), *map(str, limits_s)]
    output = StreamEnd(most_bytes=_MOST_REPLY_BYTES)
    process = subprocess.Popen(
        [setup.engine.command, "exec", container.identifier, python, *arguments],
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
