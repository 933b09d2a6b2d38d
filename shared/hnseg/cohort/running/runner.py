"""Runner: a process that has loaded some work once and does it on one case after another, as its parent asks.

    python -m hnseg.cohort.running.runner

It reads a line of JSON for each request from its standard input, a `Start` and then `Request`s, and answers each with
a `Reply` on what was its standard output; what the work prints goes to the case's log. It is a process of its own so
that a crash, too much memory or code that hangs ends one case and not the worker; the work runs in its main thread,
where signals and alarms work. It ends when its parent does: then its standard input ends.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import queue
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from pydantic import Field

from hnseg.cohort.case import CohortCase
from hnseg.cohort.state.standing import input_stamps
from hnseg.cohort.state.status import FileStamp
from hnseg.cohort.state.store import CASE_LOG, REPORT_FOLDER
from hnseg.cohort.work import Work, WorkReference
from hnseg.errors import HnsegError
from hnseg.imaging.files.visible import visible_in
from hnseg.machine import GIB, data_limit_bytes, forget_peak, is_exhausted
from hnseg.platform.failure import explain, sentence_of
from hnseg.records import Frozen


class Start(Frozen):
    """First line to a runner: its work and its share of the machine."""

    work: WorkReference
    processors: tuple[int, ...] = ()
    """Numbers of the processors that it may run on; empty for all."""
    ram_gib: float | None = None
    """Memory that it may have; None for no limit of its own."""


class Request(Frozen):
    """Further line to a runner: a case, and an empty folder for its outputs with a `report` folder in it."""

    case: CohortCase
    folder: Path


class Reply(Frozen):
    """Line from a runner.

    `ready`: the work is loaded. `refused`: it can't be, for the reason given. `done` and `failed`: the case has ended.
    `memory`: it ended because memory was not enough. `died`: no line at all, but the end of the process.
    """

    kind: Literal["ready", "refused", "done", "failed", "memory", "died"]
    reason: str = ""
    seconds: float = 0.0
    inputs: dict[str, FileStamp] = Field(default_factory=dict)
    outputs: dict[str, FileStamp] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)


def main() -> None:
    """Load the work, and do it on each case that is asked for, until the parent wants no more."""
    requests, replies = _lines_of_parent(), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.enable()  # a crash in native code leaves its stack in the case's log
    start = Start.model_validate_json(requests.get())
    _confine(start)
    started_s = time.monotonic()
    try:
        work = start.work.load()
    except Exception as error:  # noqa: BLE001 (whatever it is, the parent is to know)
        explain(error)
        _answer(replies, Reply(kind="refused", reason=sentence_of(error)))
        return
    _answer(replies, Reply(kind="ready", seconds=time.monotonic() - started_s))
    number = 0
    while True:
        request = Request.model_validate_json(requests.get())
        number += 1
        with _log_to(request.folder / REPORT_FOLDER / CASE_LOG):
            reply = _run(work, request)
        of_runner = {"runner": {"pid": os.getpid(), "case_number": number}}
        _answer(replies, reply.model_copy(update={"facts": {**reply.facts, **of_runner}}))


def _lines_of_parent() -> queue.Queue[str]:
    """Return the queue of lines from the parent; where they end, so does the process, whatever it does."""
    given = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        """Pass lines on until there are none."""
        for line in given:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="lines of the parent", daemon=True).start()
    return lines


def _confine(start: Start) -> None:
    """Keep to the given share of the machine, before libraries look how much of it there is."""
    if start.processors and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, start.processors)
    if start.ram_gib is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes(start.ram_gib * GIB), hard))


def _answer(replies: TextIO, reply: Reply) -> None:
    replies.write(json.dumps(reply.model_dump(mode="json"), default=str) + "\n")
    replies.flush()


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Send all that is printed or logged, by any library, to a file."""
    former = os.dup(1), os.dup(2)
    root = logging.getLogger()
    with path.open("w", encoding="utf-8") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
        handlers, level = root.handlers, root.level
        root.handlers, root.level = [logging.StreamHandler(sys.stdout)], logging.INFO
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            root.handlers, root.level = handlers, level
            for stream, kept in zip((1, 2), former, strict=True):
                os.dup2(kept, stream)
                os.close(kept)


def _run(work: Work, request: Request) -> Reply:
    """Do the work on a case, and return its outcome with the stamps of its inputs, from before, and outputs."""
    started_s = time.monotonic()
    inputs = input_stamps(request.case)
    forget_peak()
    try:
        facts = dict(work(request.case, request.folder))
    except (Exception, SystemExit) as error:  # noqa: BLE001 (a failed case is an outcome)
        explain(error)
        kind: Literal["failed", "memory"] = "memory" if _is_memory(error) else "failed"
        return Reply(kind=kind, reason=sentence_of(error), seconds=time.monotonic() - started_s, inputs=inputs)
    outputs = {path.relative_to(request.folder).as_posix(): FileStamp.of(path) for path in _outputs_in(request.folder)}
    return Reply(kind="done", seconds=time.monotonic() - started_s, inputs=inputs, outputs=outputs, facts=facts)


def _is_memory(error: BaseException) -> bool:
    return not isinstance(error, HnsegError) and is_exhausted(error)


def _outputs_in(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder, at any depth, without those of the report."""
    for path in visible_in(folder):
        if path.name != REPORT_FOLDER:
            yield from (file for file in sorted(path.rglob("*")) if file.is_file()) if path.is_dir() else [path]


if __name__ == "__main__":
    main()
