"""Process of a runner, seen from its parent: started, asked line by line with a time limit, and ended."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from hnseg.cohort.running.runner import Reply
from hnseg.errors import DiedError
from hnseg.records import Frozen

_LAST_BYTES = 2000
_POLL_S = 0.5


class RunnerProcess:
    """Process of a runner, in a session of its own, so that Ctrl-C reaches its parent only."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start the process.

        Args:
            environment: Environment variables that it gets beside this process's.
        """
        self._is_ended = False
        self._asking = threading.Lock()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (what is printed outside a case; gone with this)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hnseg.cohort.running.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, request: Frozen, timeout_s: float | None = None) -> Reply | None:
        """Send a request and return the reply; None where there is none in time.

        Args:
            request: Line to send, a `Start` or a `Request`.
            timeout_s: Seconds to wait; None for any time.

        Raises:
            DiedError: The process ended instead.
        """
        with self._asking:
            return self._ask(request, timeout_s)

    def _ask(self, request: Frozen, timeout_s: float | None) -> Reply | None:
        pipes = self._process.stdin, self._process.stdout
        if pipes[0] is None or pipes[1] is None or pipes[0].closed:
            raise DiedError("it was ended before")
        with suppress(OSError):  # it died: its end is read below
            pipes[0].write(request.model_dump_json().encode() + b"\n")
            pipes[0].flush()
        if not self._answers(pipes[1], timeout_s):
            return None
        line = pipes[1].readline()
        if not line.endswith(b"\n"):
            raise DiedError(self._end_in_words())
        return Reply.model_validate(json.loads(line))

    def end(self) -> None:
        """End the process and those it started at once; what waits for its reply then gets a `DiedError`."""
        if not self._is_ended:  # its number may be another's by the second time
            self._is_ended = True
            with suppress(ProcessLookupError, PermissionError):  # none of its session is left
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def _close(self) -> None:
        """Close pipes and log, unless somebody still waits for a reply, which a process that was forked may hold up."""
        if not self._asking.acquire(timeout=4 * _POLL_S):
            return
        try:
            for file in (self._process.stdin, self._process.stdout, self._log):
                if file is not None:
                    with suppress(OSError):  # what was not sent to a process that has ended
                        file.close()
        finally:
            self._asking.release()

    def _answers(self, pipe: IO[bytes], timeout_s: float | None) -> bool:
        """Return whether a reply is there in time.

        The end of the process is looked for beside that of its pipe, which a process that it forked may hold open.
        """
        until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while True:
            left_s = max(0.0, until_s - time.monotonic())
            has_ended = self._process.poll() is not None
            if poll.poll(1000 * min(left_s, _POLL_S)):
                return True
            if has_ended:
                raise DiedError(self._end_in_words())
            if left_s <= 0:
                return False

    def _end_in_words(self) -> str:
        status = self._process.wait()
        if status < 0:
            return f"it was ended by {signal.Signals(-status).name}"
        return f"it ended with status {status}{self._last_line()}"

    def _last_line(self) -> str:
        """Return the last line that it printed outside a case, in brackets; empty where there is none."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _LAST_BYTES))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f" ({lines[-1]})" if lines else ""
