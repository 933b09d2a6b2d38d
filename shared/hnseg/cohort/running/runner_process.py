"""Process of a runner, seen from its parent: started, asked line by line with a time limit, and ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress

from hnseg.cohort.running.runner import Reply
from hnseg.records import Frozen

_LAST_BYTES = 2000


class DiedError(Exception):
    """End of a runner that was to answer; its text is the reason, to follow "because"."""


class RunnerProcess:
    """Process of a runner, in a session of its own, so that Ctrl-C reaches its parent only."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start the process.

        Args:
            environment: Environment variables that it gets beside this process's.
        """
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
        pipes = self._process.stdin, self._process.stdout
        if pipes[0] is None or pipes[1] is None:
            raise DiedError("it was ended before")
        with suppress(OSError):  # it died: its end is read below
            pipes[0].write(request.model_dump_json().encode() + b"\n")
            pipes[0].flush()
        if not select.select([pipes[1]], [], [], timeout_s)[0]:
            return None
        line = pipes[1].readline()
        if not line.endswith(b"\n"):
            raise DiedError(self._end_in_words())
        return Reply.model_validate(json.loads(line))

    def end(self) -> None:
        """End the process at once, and wait for its end; what waits for its reply then gets a `DiedError`."""
        self._process.kill()
        self._process.wait()

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
