"""Work in a forked process, so that a crash or an endless wait costs one input, and is seen."""

from __future__ import annotations

import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """End of a forked process.

    Attributes:
        status: Exit status; minus the number of the signal that killed it; None where it took too long.
        stderr: Text that it wrote to stderr.
    """

    status: int | None
    stderr: str

    @property
    def fault(self) -> str:
        """What no input may cause, in words; empty where it ended as a program should."""
        if self.status is None:
            return "hang"
        if self.status < 0:
            return f"killed by {signal.Signals(-self.status).name}"
        if "Traceback" in self.stderr:
            return "traceback"
        if self.status == 0 and self.stderr.strip():
            return "words on stderr beside status 0"
        if self.status == 1 and not self.stderr.strip().endswith((".", "?")):
            return "no sentence"
        return ""


def run_forked(
    work: Callable[[], int], log: Path, *, limit_s: float = 30, signal_after_s: float | None = None
) -> Ended:
    """Run a function in a forked process, and return how that ended.

    Args:
        work: Function whose result is the status.
        log: File that receives its stderr.
        limit_s: Time after which it is killed.
        signal_after_s: Time after which SIGTERM is sent; None for never.
    """
    process = os.fork()
    if process == 0:
        _be_child(work, log)
    watched = os.pidfd_open(process)
    began_s = time.monotonic()
    status: int | None = None
    try:
        if signal_after_s is not None and not select.select([watched], [], [], signal_after_s)[0]:
            os.kill(process, signal.SIGTERM)
        if select.select([watched], [], [], max(0.0, began_s + limit_s - time.monotonic()))[0]:
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        else:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    finally:
        os.close(watched)
    return Ended(status, log.read_text(errors="replace"))


def _be_child(work: Callable[[], int], log: Path) -> None:
    status = 99
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = work()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 98
    except BaseException:  # noqa: BLE001 (the child may only end by os._exit)
        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(status)
