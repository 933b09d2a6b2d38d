"""Labelling of planes in a thread of its own, beside the GPU that predicts the next ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Semaphore
from typing import TypeVar

Plane = TypeVar("Plane")
_LOOK_S = 0.1  # between looks at whether the labelling has failed, while no more planes may wait


def fill_beside(fill: Callable[[Iterable[Plane]], None], planes: Iterable[Plane], most: int) -> None:
    """Label planes in a thread of its own, while this one makes them, drives the GPU and hears the signals.

    However the planes end, those that were made are labelled before this returns or raises.

    Args:
        fill: Function that labels planes as they come.
        planes: Logits of one plane after another.
        most: Number of planes that may wait to be labelled.
    """
    waiting: SimpleQueue[Plane | None] = SimpleQueue()
    room = Semaphore(most)
    with ThreadPoolExecutor(1, "labelling") as thread:
        filling = thread.submit(fill, _arriving(waiting, room))
        try:
            for plane in planes:
                if not _has_room(room, filling):
                    break
                waiting.put(plane)
        finally:
            waiting.put(None)  # never waits, so that a second signal can't come between
    filling.result()


def _arriving(waiting: SimpleQueue[Plane | None], room: Semaphore) -> Iterator[Plane]:
    """Planes as they arrive in a queue, until None does; each makes room for another."""
    while (plane := waiting.get()) is not None:
        room.release()
        yield plane


def _has_room(room: Semaphore, filling: Future[None]) -> bool:
    """Wait until one more plane may wait; False where the labelling has ended by an error."""
    while not filling.done():
        if room.acquire(timeout=_LOOK_S):
            return True
    return False
