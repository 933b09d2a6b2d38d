"""Lines of a program that say how far it is, passed on while it runs, and a line for one that is silent for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hnseg.printable import printable
from hnseg.progress.heartbeat import EVERY_S, Heartbeat
from hnseg.progress.watcher import LINE_START

_LONGEST_BYTES = 1 << 16  # of a line that is looked at
_LONGEST = 120  # characters that are passed on
_PATIENCE = 2
_LEAST_S = 0.5  # between two lines: a program that writes thousands is not to flood a terminal


class ProgressLines:
    """Progress of one run: what its program logs by `hnseg.progress.watcher`, else the seconds that it has run."""

    def __init__(self, tell: Callable[[str], object], *, every_s: float = EVERY_S) -> None:
        """Prepare for a run.

        Args:
            tell: Function that gets a line, in whatever thread it comes.
            every_s: Longest time between two lines.
        """
        self._say, self._every_s = tell, every_s
        self._heartbeat = Heartbeat(self._say_seconds, every_s=every_s)
        self._began_s, self._said_s, self._begun = time.monotonic(), -_LEAST_S, b""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Say the seconds again and again where the program is silent, as long as the block lasts."""
        self._began_s = time.monotonic()
        with self._heartbeat.running():
            yield

    def add(self, block: bytes) -> None:
        """Look at the next bytes of the program's stdout, and pass on the lines that are whole now."""
        *lines, rest = (self._begun + block).split(b"\n")
        self._begun = rest[-_LONGEST_BYTES:]
        for line in lines:
            if line.startswith(LINE_START.encode()) and time.monotonic() - self._said_s >= _LEAST_S:
                self._said_s = time.monotonic()
                self._heartbeat.every_s = _PATIENCE * self._every_s  # its own next line comes just when ours would
                self._heartbeat.told()
                self._say(printable(line.decode("utf-8", "replace").strip().removeprefix(LINE_START))[:_LONGEST])

    def _say_seconds(self) -> None:
        self._say(f"running for {time.monotonic() - self._began_s:.0f} s")
