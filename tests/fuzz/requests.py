"""Hostile requests to the serving form of a container, with good ones between them."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.fuzz.cases import write_good
from tests.fuzz.trial import Ended, Trial, Verdict, judge
from tests.fuzz.volumes import good_cases
from tests.support.hostile_requests import hostile_requests, reply_status

ROOT = Path(__file__).parents[2]
KIND = "requests to the server"
_REFUSALS = {None, 400, 404, 405, 408, 411, 413, 414, 431, 501, 505}
_GOOD_EVERY = 50


def try_requests(count: int, seed: int, work: Path, models: dict[str, Path]) -> Iterator[Verdict]:
    """Start a real server, send hostile requests, and good ones between; yield a verdict for each hostile one."""
    case = good_cases()[0]
    trial = Trial(case.challenge, work / "served", models[case.challenge])
    write_good(case, trial.input_dir)
    trial.output_dir.mkdir()
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", f"containers.{case.challenge}", *trial.words, "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"HNSEG_API_METHOD": "invoke"},
        stdout=subprocess.DEVNULL,  # a pipe that nobody reads would be full after some twenty cases
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            _wait_until_ready(port)
            rng = random.Random(f"{seed}/{KIND}")
            for number, request in enumerate(hostile_requests(count, seed)):
                verdict = _try_request(port, request, rng.randrange(3))
                yield _good_after(trial, port, verdict) if number % _GOOD_EVERY == _GOOD_EVERY - 1 else verdict
        finally:
            server.terminate()
            _, stderr = server.communicate(timeout=60)
    if server.returncode != 0 or stderr:
        yield Verdict("fault", f"the server ended with {server.returncode} and wrote {stderr[-300:]!r}")


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(OSError):
            if _ask(port, "GET", "/health") == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the server never became healthy")


def _ask(port: int, method: str, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def _try_request(port: int, request: bytes, manner: int) -> Verdict:
    """Send a request and leave at once, send no more, or stay a moment; return the verdict."""
    status: int | None = None
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        if manner == 1:
            connection.shutdown(socket.SHUT_WR)
        if manner:
            connection.settimeout(30 if manner == 1 else 0.03)
            status = reply_status(connection)
    if status in _REFUSALS:
        return Verdict("refused", str(status))
    return Verdict("fault", f"status {status} for {request[:100]!r}")


def _good_after(trial: Trial, port: int, verdict: Verdict) -> Verdict:
    """Return the verdict, or a fault where a good request is not answered by a complete output."""
    began = time.monotonic()
    status = _ask(port, "POST", "/invoke")
    judged = judge(trial, Ended(0 if status == 201 else 1, "{}", ""))
    if judged.word != "accepted":
        return Verdict("fault", f"a good request got {status}: {judged.reason}")
    if time.monotonic() - began > 60:
        return Verdict("fault", "a good request took over 60 s")
    return verdict
