"""Watcher of a case's progress: lines of a log, every tenth of the work and at least every 15 s."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from threading import Lock
from typing import Protocol

from hnseg.progress.heartbeat import EVERY_S, Heartbeat
from hnseg.progress.time_left import TimeLeft, in_words
from hnseg.progress.work_done import WorkDone

logger = logging.getLogger(__name__)

LINE_START = "progress: "
"""Text that each line begins with, by which a rehearsal finds it in a container's log."""
_TENTHS = 10
_LEAST_S = 1.0  # between two lines: short work is not worth ten


class Watcher(Protocol):
    """Watcher of one case."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Return a context in which a step of the case runs."""

    def work_done(self, work: WorkDone) -> None:
        """Take note of what the networks have done."""


class ProgressLog:
    """Watcher that logs lines: the share, the tiles, folds and models, and the time left; else the step's seconds.

    No line names a case or a file.
    """

    def __init__(self, *, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin a case.

        Args:
            every_s: Longest time between two lines.
            clock: Clock by which the time left is estimated.
        """
        self._heartbeat, self._clock, self._lock = Heartbeat(self._tell, every_s=every_s), clock, Lock()
        self._step, self._since_s = "", clock()
        self._work: WorkDone | None = None
        self._left_s: float | None = None
        self._share, self._tenths_told, self._time_left = 0.0, 0, TimeLeft()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tell about a step as long as it lasts."""
        former = self._step, self._since_s
        self._step, self._since_s = name, self._clock()
        self._begin_work()
        try:
            with self._heartbeat.running():
                yield
        finally:
            self._step, self._since_s = former
            self._begin_work()

    def work_done(self, work: WorkDone) -> None:
        """Take note of the work done, and tell where it is a tenth more than was told last."""
        with self._lock:
            share = min(1.0, max(work.share, self._share))  # a new plan may have more tiles: it never goes back
            self._work, self._share = replace(work, share=share), share
            self._left_s = self._time_left.seconds(share, self._clock())
        if int(share * _TENTHS) > self._tenths_told and self._heartbeat.quiet_s >= _LEAST_S:
            self._heartbeat.told()
            self._tell()

    def _begin_work(self) -> None:
        self._work = self._left_s = None
        self._share, self._tenths_told, self._time_left = 0.0, 0, TimeLeft()

    def _tell(self) -> None:
        with self._lock:
            self._tenths_told = int(self._share * _TENTHS)
            line = self._line()
        logger.info("%s%s", LINE_START, line)

    def _line(self) -> str:
        if self._work is None:
            return f"{self._step}, {self._clock() - self._since_s:.0f} s so far"
        left = "" if self._left_s is None or self._share == 1 else f", about {in_words(self._left_s)} left"
        return f"{self._work.words}{left}"
