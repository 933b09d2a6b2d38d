"""What happened while a case ran: facts only, nothing judged yet."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from hnseg.rehearsal.cases import Workplace
from hnseg.rehearsal.running.watch import SAMPLE_S, MemoryPeak

Tell = Callable[[str], None]
"""Receives a line about what is going on."""


@dataclass(frozen=True)
class Run:
    """One run of one case.

    Attributes:
        seconds: What counts against the time limit: exec, the whole process; invoke, the call of /invoke.
        startup_s: invoke: until /health gave 200; None otherwise.
        exit_code: 128 + n after signal n; None for a server, which is stopped when it has answered.
        timed_out: The time limit was reached, and the case was stopped.
        obeyed_sigterm: After the time limit it ended by itself when asked to.
        memory_killed: It was killed because its memory reached the limit.
        invoke_error: What the platform says of a server that did not answer as it must; empty otherwise.
        memory: The most memory in use.
        vram_gib: The most GPU memory in use; None without a GPU.
    """

    seconds: float
    exit_code: int | None
    memory: MemoryPeak
    startup_s: float | None = None
    timed_out: bool = False
    obeyed_sigterm: bool = True
    memory_killed: bool = False
    invoke_error: str = ""
    vram_gib: float | None = None


Runner = Callable[[Workplace], Run]
"""Runs one case in its folders."""


def wait_for(process: subprocess.Popen[bytes], *, until: float, look: Callable[[], object]) -> bool:
    """Wait until a process has ended and say whether it did so in time.

    Args:
        process: What to wait for.
        until: `time.monotonic()` at which waiting ends.
        look: Called again and again while waiting.
    """
    while process.poll() is None:
        look()
        if time.monotonic() >= until:
            return process.poll() is not None
        time.sleep(SAMPLE_S)
    return True
