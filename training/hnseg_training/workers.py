"""Processes that do the same work on many patients."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from typing import TypeVar

from hnseg_training.progress import tracked

S = TypeVar("S")
T = TypeVar("T")


def each(work: Callable[[S], T], items: Sequence[S], *, workers: int, title: str) -> Iterator[T]:
    """Yield the result of a function for each item, in the items' order, with the number done as the progress.

    Args:
        work: Function of an item; with more than one worker it runs in other processes, so that it, the items and its
            results must be such as can be pickled.
        items: Items to work on.
        workers: Number of processes; a single one is this process.
        title: Title of the work, for the progress.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        yield from tracked(map(work, items), total=len(items), title=title)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        yield from tracked(pool.map(work, items), total=len(items), title=title)


def _end_with_parent() -> None:
    """Let this process end without a word when it is interrupted from the terminal, and when its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
