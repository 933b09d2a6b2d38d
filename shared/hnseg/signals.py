"""Signals that stop a program, SIGTERM and SIGINT, before its work and during it; and the end of its process.

The program of a container is process 1, for which Linux drops every signal that has no handler (man 2 kill). A
container is therefore deaf to SIGTERM until a handler is installed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

STOPPING = (signal.SIGTERM, signal.SIGINT)
_SENTENCE = b"The container was stopped by a signal before its work began, so there is no output.\n"


def end_on_signals() -> None:
    """End the process with a sentence on stderr when a signal stops it, until `unwind_on_signals` takes over.

    To be called on the first lines of a container's `__main__.py`, since importing the rest takes seconds. There is
    nothing to clean up by then, so the process ends at once, by the status that `status_of` gives.
    """
    for number in STOPPING:
        signal.signal(number, _end)


@contextmanager
def unwind_on_signals() -> Iterator[None]:
    """Let signals raise SystemExit, so that the work can end with what it has and nothing half-written.

    Afterwards the former handlers are back, except that of `end_on_signals`: once the work has ended there is nothing
    left to stop, and its status must be the process's.
    """

    def stop(number: int, _frame: Any) -> NoReturn:
        """Unwind the work by an exception with the signal's status."""
        raise SystemExit(status_of(number))

    former = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, signal.SIG_IGN if handler is _end else handler)


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM end the work by an exception, so that nothing is left behind; the former handler comes back.

    A handler that a program set itself is kept, and so is any handler outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(status_of(number)))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def end_process(status: int) -> NoReturn:
    """End the process with a status as soon as what was written is on its way, without taking the interpreter apart.

    With torch loaded, taking it apart lasts 0.8 to 1.3 s after the last line (Python 3.11, two busy processors), which
    a time limit would have to leave; this lasts 0.03 s. No `atexit` function runs and nothing is finalised, so it is
    only for the last line of a program that has closed and removed all that it must.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # as it is where there was none at the start
            with suppress(OSError, ValueError):  # nobody reads it any more: the outcome is the status and the output
                stream.flush()
    os._exit(status)


def status_of(number: int) -> int:
    """Return the exit status that a shell gives to a program which a signal ended, 143 for SIGTERM."""
    return 128 + number


def _end(number: int, _frame: Any) -> NoReturn:
    # SystemExit could be caught by a module that is being imported.
    os.write(2, _SENTENCE)
    os._exit(status_of(number))
