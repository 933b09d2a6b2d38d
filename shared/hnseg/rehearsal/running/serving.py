"""One case in a container that serves requests, called as the platform calls it."""

from __future__ import annotations

import inspect
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Literal

from hnseg.errors import EngineError
from hnseg.rehearsal.case_run import Run, wait_for
from hnseg.rehearsal.cases import Workplace
from hnseg.rehearsal.running import probe
from hnseg.rehearsal.running.container import KILLED, ContainerSetup, Live, started, stop

_PATIENCE_S = 10  # for the engine to start the call itself, beyond the call's own limit


@dataclass(frozen=True)
class Answer:
    """What came of a call.

    Attributes:
        outcome: ended: the container ended before it answered; broken: it closed the connection.
        status: The HTTP status; None without an answer.
        seconds: How long the call took.
        body: The beginning of what the server wrote.
    """

    outcome: Literal["answered", "timeout", "refused", "broken", "ended"]
    status: int | None
    seconds: float
    body: str


def run_invoke(setup: ContainerSetup, work: Workplace) -> Run:
    """Start a case's server, wait until it is healthy, have it segment the case, and stop it.

    Raises:
        EngineError: The image has no Python to make the calls with.
    """
    profile = setup.profile
    with started(setup, work) as live:
        python = _python_in(setup, live)
        health = _call(setup, live, python, "health", (profile.health_limit_s, profile.health_call_limit_s))
        if error := _health_error(health, setup):
            return _ended(setup, live, seconds=0.0, startup_s=health.seconds, error=error)
        answer = _call(setup, live, python, "invoke", (profile.time_limit_s,))
        error = _invoke_error(answer)
        return _ended(setup, live, seconds=answer.seconds, startup_s=health.seconds, error=error)


def _ended(setup: ContainerSetup, live: Live, *, seconds: float, startup_s: float, error: str) -> Run:
    """Stop the server and describe what it did; its exit code counts only if it ended of its own accord."""
    ended_itself = live.process.poll() is not None
    obeyed = ended_itself or stop(setup, live)
    state = setup.engine.inspect(live.identifier, "State")
    exit_code = int(state["ExitCode"]) if ended_itself else None
    return Run(
        seconds=seconds,
        exit_code=exit_code,
        memory=live.memory.peak(),
        startup_s=startup_s,
        timed_out=error == "Invoke time limit exceeded",
        obeyed_sigterm=obeyed,
        memory_killed=bool(error) and (bool(state.get("OOMKilled")) or exit_code == KILLED),
        invoke_error=error,
        vram_gib=live.gpu.peak_gib(setup.gpus) if live.gpu else None,
    )


def _health_error(answer: Answer, setup: ContainerSetup) -> str:
    if answer.status is not None and 300 <= answer.status < 400:
        return "Health check failed: Health endpoint returned redirect response"
    if answer.status == 200:
        return ""
    profile = setup.profile
    return (
        "The algorithm container's inference server didn't pass the health check within"
        f" {profile.health_limit_s:.0f} seconds or the /health endpoint took to long to respond"
        f" ({profile.health_call_limit_s:.0f} seconds per call). Verify that the container starts correctly and that"
        " /health responds quickly."
    )


def _invoke_error(answer: Answer) -> str:
    if answer.status is not None and answer.status != 201:
        return f"Invoke endpoint returned status {answer.status}, expected 201"
    return {
        "answered": "",
        "timeout": "Invoke time limit exceeded",
        "refused": "Could not connect to invoke endpoint",
        "broken": "HTTP error calling invoke endpoint",
        "ended": "HTTP error calling invoke endpoint",
    }[answer.outcome]


def _python_in(setup: ContainerSetup, live: Live) -> str:
    """Return the name of the container's Python.

    Raises:
        EngineError: It has none.
    """
    for python in ("python3", "python"):
        if setup.engine.try_to("exec", live.identifier, python, "-c", ""):
            return python
    if _has_ended(live):
        return "python3"
    raise EngineError(
        "An image that serves requests must hold a Python to be rehearsed, because its server is called from inside,"
        " but neither python3 nor python is on its PATH."
    )


def _call(setup: ContainerSetup, live: Live, python: str, what: str, limits_s: tuple[float, ...]) -> Answer:
    """Make a call from inside the container, watching its memory meanwhile; the first limit is the call's."""
    began = time.monotonic()
    arguments = ["-c", inspect.getsource(probe), what, str(setup.profile.port), *map(str, limits_s)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [setup.engine.command, "exec", live.identifier, python, *arguments],
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        if not wait_for(process, until=began + limits_s[0] + _PATIENCE_S, look=live.memory.sample):
            process.kill()
        process.wait()
        output.seek(0)
        printed = output.read()
    if printed:
        return Answer(**json.loads(printed))
    outcome: Literal["ended", "timeout"] = "ended" if _has_ended(live) else "timeout"
    return Answer(outcome=outcome, status=None, seconds=time.monotonic() - began, body="")


def _has_ended(live: Live) -> bool:
    """Say whether the container has ended, or does within a second: its calls end a moment before it."""
    return wait_for(live.process, until=time.monotonic() + 1, look=live.memory.sample)
