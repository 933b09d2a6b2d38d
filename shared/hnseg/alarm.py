"""Alarm at the end of a case's time, for work that takes longer than anybody planned."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from hnseg.errors import TimeOverError


@contextmanager
def alarm_after(seconds: float) -> Iterator[None]:
    """Raise TimeOverError in the work when so many seconds have gone by; the former handler comes back.

    It is raised between two steps of Python, so that a call into a library is waited for. To be used in the main
    thread.

    Args:
        seconds: Seconds of the real clock; with 0 or less it is raised at once, and never where they
            are infinite.

    Raises:
        TimeOverError: The time is over.
    """
    if seconds <= 0:
        raise TimeOverError

    def ring(_number: int, _frame: Any) -> NoReturn:
        """Unwind the work."""
        raise TimeOverError

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, threading.TIMEOUT_MAX))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
