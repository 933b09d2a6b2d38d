"""Heartbeat of work that says nothing by itself for long: a thread that speaks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

EVERY_S = 15.0
"""Longest time without a line."""


class Heartbeat:
    """Heartbeat that calls a function whenever nothing was told for a time, as long as its block lasts.

    Native code that runs meanwhile is not slowed down: the thread sleeps but for the call.

    Attributes:
        every_s: Seconds without a line after which the function is called.
    """

    def __init__(self, tell: Callable[[], None], *, every_s: float = EVERY_S) -> None:
        """Prepare it; `running` starts it.

        Args:
            tell: Function that is called, in a thread of its own.
            every_s: Seconds without a line after which it is.
        """
        self._tell, self.every_s = tell, every_s
        self._told_s = time.monotonic()

    def told(self) -> None:
        """Take note that something was told just now, so that the next call can wait."""
        self._told_s = time.monotonic()

    @property
    def quiet_s(self) -> float:
        """Seconds since something was told."""
        return time.monotonic() - self._told_s

    @contextmanager
    def running(self) -> Iterator[None]:
        """Beat during a `with`; where the system gives no further thread, the block runs without it."""
        self.told()
        over = Event()
        thread = Thread(target=self._beat, args=(over,), name="heartbeat", daemon=True)
        with suppress(RuntimeError):  # "can't start new thread", where memory is short
            thread.start()
        try:
            yield
        finally:
            over.set()
            if thread.is_alive():
                thread.join()

    def _beat(self, over: Event) -> None:
        while not over.wait(max(0.0, self.every_s - self.quiet_s)):
            if self.quiet_s >= self.every_s:
                self.told()
                self._tell()
