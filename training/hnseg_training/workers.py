"""The same work on many patients, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from hnseg_training.progress import tracked

S = TypeVar("S")
T = TypeVar("T")


def each(work: Callable[[S], T], items: Sequence[S], *, workers: int, title: str) -> Iterator[T]:
    """Yield what some work makes of each item, in the items' order, and show how many are done.

    Args:
        work: What is done; with more than one worker it travels to other processes, so it and what it returns must be
            such as can be pickled.
        items: What it is done to.
        workers: Processes; with one, it is this one.
        title: What is being done, for the progress.
    """
    if workers == 1:
        yield from tracked(map(work, items), total=len(items), title=title)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from tracked(pool.map(work, items), total=len(items), title=title)
