"""Facts of one case's run: recorded by `running`, not yet judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from hnseg.rehearsal.running.watch import MemoryPeak
from hnseg.rehearsal.running.workplace import Workplace


class ServerFault(Enum):
    """Fault of a server that did not segment its case."""

    REDIRECTED = "redirected"
    """Redirect as the reply of /health."""
    UNHEALTHY = "unhealthy"
    """Status other than 200, or none, from /health until its time was over."""
    WRONG_STATUS = "wrong_status"
    """Status other than 201 from /invoke."""
    TIMED_OUT = "timed_out"
    """No reply, or only a part of one, from /invoke within the time limit."""
    REFUSED = "refused"
    """Connection refused at the call of /invoke."""
    BROKEN = "broken"
    """Connection broken during the call of /invoke, or the container ended."""


@dataclass(frozen=True)
class CaseRun:
    """Facts of one case's run.

    Attributes:
        seconds: Time that counts against the limit. exec: of the whole process; invoke: of the call of /invoke.
        exit_code: Exit status, 128 + n after signal n; None for a server that was stopped after its reply.
        memory: Most memory in use.
        startup_s: Seconds until /health gave 200, for invoke; None for exec.
        timed_out: Whether the time limit was reached, so that the case was stopped.
        obeyed_sigterm: Whether the program ended by itself at SIGTERM; true where none was sent.
        memory_killed: Whether the program was killed because its memory reached the limit.
        held_by: Command lines of the processes that kept stdout or stderr open after the program's end, until the time
            limit; empty where there was none, or it is not known.
        server_fault: Fault of a server that did not segment the case; None for exec and for a server that did.
        invoke_status: HTTP status of the reply of /invoke; None without a reply.
        gpus: Number of GPUs that the program was given.
        vram_gib: Largest rise of the GPUs' memory in use, CUDA's own counted in, in GiB; None without a GPU, or where
            it could not be measured.
    """

    seconds: float
    exit_code: int | None
    memory: MemoryPeak
    startup_s: float | None = None
    timed_out: bool = False
    obeyed_sigterm: bool = True
    memory_killed: bool = False
    held_by: tuple[str, ...] = ()
    server_fault: ServerFault | None = None
    invoke_status: int | None = None
    gpus: int = 0
    vram_gib: float | None = None

    @property
    def is_invoke(self) -> bool:
        """Whether the case was a call of a server, which has been healthy before."""
        return self.startup_s is not None


RunCase = Callable[[Workplace], CaseRun]
"""Function that runs one case in its folders."""
