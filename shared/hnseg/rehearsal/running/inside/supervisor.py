"""First process of a rehearsed container: it starts the program, and waits for it, as the platform does.

There the program has a session of its own, and has ended only once its stdout and stderr are closed too: a helper
process that keeps one of them open uses up the case's time (DIAGNijmegen/rse-sagemaker-shim at b20f0a7, `models.py`).
The container's own Python runs this module's source, so it uses only the standard library of Python 3.7 or newer.

    python -c SOURCE FILE PROGRAM ARGUMENT ...

ends with the program's status, 128 + n after signal n. SIGTERM is passed on to the program's session. While others keep
a stream open after the program's end, FILE holds their command lines, as one JSON list.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

_LOOK_S = 0.01
_LONGEST = 200  # characters of a command line
_MOST = 20  # command lines


class Supervisor:
    """Parent of a program: it passes SIGTERM on, and waits for the program and for its streams.

    Attributes:
        session: Number of the program's process, which leads its session; 0 before it is started.
        is_stopped: Whether SIGTERM has come.
    """

    def __init__(self) -> None:
        self.session = 0
        self.is_stopped = False

    def run(self, program: list[str], file: str) -> int:
        """Run a program until it has ended and nobody else holds its streams, and return its status."""
        signal.signal(signal.SIGTERM, self.stop)
        try:
            self.session = subprocess.Popen(program, start_new_session=True).pid
        except OSError as error:
            sys.stderr.write(f"supervisor: exec {program[0]}: {error.strerror}\n")
            return 127 if isinstance(error, FileNotFoundError) else 126
        if self.is_stopped:  # meanwhile
            self.stop()
        status = self._wait()
        streams = pipes_of((1, 2))
        while not self.is_stopped and (held_by := holders(streams)):
            with open(file, "w", encoding="utf-8") as written:
                json.dump(held_by, written)
            time.sleep(_LOOK_S)
        return status

    def stop(self, *_: object) -> None:
        """Pass SIGTERM on to the program's session."""
        self.is_stopped = True
        if self.session:
            with contextlib.suppress(OSError):  # it has ended
                os.killpg(self.session, signal.SIGTERM)

    def _wait(self) -> int:
        """Wait for the program, and for every orphan that ends before it, and return the program's status."""
        pid = 0
        while pid != self.session:
            pid, status = os.waitpid(-1, 0)
        return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def pipes_of(descriptors: tuple[int, ...]) -> set[str]:
    """Return the names of the pipes that these descriptors of this process belong to, as /proc gives them."""
    names = {os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in descriptors}
    return {name for name in names if name.startswith("pipe:")}


def holders(pipes: set[str]) -> list[str]:
    """Return the command lines of the other processes that could write to one of these pipes."""
    others = (pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid())
    return [command_line(pid) for pid in others if any(name in pipes for name in _pipes_to_write_to(pid))][:_MOST]


def command_line(pid: str) -> str:
    """Return a process's program and arguments, separated by blanks; empty once it has ended."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(_LONGEST).split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "backslashreplace").strip()


def _pipes_to_write_to(pid: str) -> Iterator[str]:
    """Yield the names of the pipes that a process has open for writing."""
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            name = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            if name.startswith("pipe:") and _is_for_writing(pid, descriptor):
                yield name
    except OSError:  # it has ended, or is another user's
        return


def _is_for_writing(pid: str, descriptor: str) -> bool:
    with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
        flags = next(line.split()[1] for line in file if line.startswith("flags:"))
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


if __name__ == "__main__":
    sys.exit(Supervisor().run(sys.argv[2:], sys.argv[1]))
