"""Progress of a cohort: a bar on a terminal, else a line now and then; and a line a case in the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hnseg.cohort.state.status import CaseStatus
from hnseg.cohort.state.store import CaseStore
from hnseg.progress.heartbeat import Heartbeat

LOG_FILE = "cohort.log"


class Watcher(Protocol):
    """Watcher of a run, told of each case that has ended."""

    def ended(self, status: CaseStatus) -> None:
        """Take note of a case."""


@contextmanager
def watcher(total: int, *, stream: TextIO = sys.stderr) -> Iterator[Watcher]:
    """Yield a watcher that shows how many of the cases have ended, how many failed, and about when the last will.

    Args:
        total: Number of cases that are run.
        stream: Terminal or file that gets it.
    """
    if not stream.isatty():
        lines = _Lines(total, stream)
        with lines.heartbeat.running():
            yield lines
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=stream)) as bar:
        yield _Bar(bar, total)


class _Bar:
    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("cases", total=total)
        self._failed = 0

    def ended(self, status: CaseStatus) -> None:
        """Move the bar on."""
        self._failed += status.status == "failed"
        failed = f"cases, {self._failed} failed" if self._failed else "cases"
        self._bar.update(self._task, advance=1, description=failed)


class _Lines:
    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._count = self._failed = 0
        self._started_s = time.monotonic()
        self.heartbeat = Heartbeat(self._tell)

    def ended(self, status: CaseStatus) -> None:
        """Write a line, each tenth of the cases; the heartbeat does where none comes for long."""
        self._count += 1
        self._failed += status.status == "failed"
        if self._count * 10 // self._total != (self._count - 1) * 10 // self._total:
            self.heartbeat.told()
            self._tell()

    def _tell(self) -> None:
        self._stream.write(self._line(time.monotonic() - self._started_s))
        self._stream.flush()

    def _line(self, seconds: float) -> str:
        end = f", {timedelta(seconds=round(seconds))} so far"
        if self._count:
            left_s = seconds / self._count * (self._total - self._count)
            end = f", about {timedelta(seconds=round(left_s))} left" if self._count < self._total else ""
        return f"{self._count} of {self._total} cases ended, {self._failed} failed{end}\n"


def log_line(store: CaseStore, status: CaseStatus) -> None:
    """Append a case to the log: time, case, status, seconds, worker and reason, with tabs between them."""
    worker = f"{status.worker.host}:{status.worker.pid}" if status.worker else "-"
    ended = status.ended.astimezone().isoformat(timespec="seconds")
    words = (ended, status.case, status.status, f"{status.seconds:.1f} s", worker, status.reason)
    with (store.folder / LOG_FILE).open("a", encoding="utf-8") as log:
        log.write("\t".join(" ".join(word.split()) for word in words).rstrip() + "\n")
