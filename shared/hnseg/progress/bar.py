"""Bar of a case's progress on a terminal, with the log's lines above it."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from hnseg.progress.time_left import TimeLeft, in_words
from hnseg.progress.watcher import ProgressLog, Watcher
from hnseg.progress.work_done import WorkDone


@contextmanager
def shown_progress() -> Iterator[Watcher]:
    """Yield a watcher that shows a bar where stderr is a terminal, and else logs lines.

    What is printed or logged to a terminal meanwhile appears above the bar.
    """
    if not sys.stderr.isatty():
        yield ProgressLog()
        return
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    fields = (TextColumn("{task.fields[left]}"), TextColumn("{task.fields[place]}"))
    with (
        Progress(*columns, *fields, console=console, redirect_stdout=False, redirect_stderr=False) as bar,
        _printed_above(console),
    ):
        yield _Bar(bar)


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar, self._share, self._time_left = bar, 0.0, TimeLeft()
        self._task = bar.add_task("begin", total=None, left="", place="")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the name of a step as long as it lasts."""
        self._share, self._time_left = 0.0, TimeLeft()
        self._bar.update(self._task, description=name, total=None, left="", place="")
        yield

    def work_done(self, work: WorkDone) -> None:
        """Move the bar on."""
        self._share = min(1.0, max(work.share, self._share))
        left_s = self._time_left.seconds(self._share, time.monotonic())
        left = "" if left_s is None or self._share == 1 else f"about {in_words(left_s)} left"
        self._bar.update(self._task, total=1.0, completed=self._share, left=left, place=work.place)


class _AboveBar:
    """Stream whose lines a console prints above its bar, however long they are."""

    def __init__(self, console: Console) -> None:
        self._console, self._begun = console, ""

    def write(self, text: str) -> int:
        """Print the lines that are whole now."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)
        return len(text)

    def flush(self) -> None:
        """Do nothing: a line is printed when it is whole."""


@contextmanager
def _printed_above(console: Console) -> Iterator[None]:
    """Let what is printed or logged to a terminal be printed by a console; elsewhere it goes where it went."""
    above = cast("TextIO", _AboveBar(console))
    with ExitStack() as redirected:
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if not stream.isatty():
                continue
            for handler in logging.getLogger().handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                    handler.setStream(above)
                    redirected.callback(handler.setStream, stream)
            redirected.enter_context(redirect(above))
        yield
