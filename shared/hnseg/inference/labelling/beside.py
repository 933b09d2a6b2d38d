"""Labelling of planes in a thread of its own, beside the GPU that predicts the next ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue

from hnseg.imaging.geometry import FloatArray

_LOOK_S = 0.1  # between looks at whether the labelling has failed, while its queue is full


def fill_beside(fill: Callable[[Iterable[FloatArray]], None], planes: Iterable[FloatArray], most: int) -> None:
    """Label planes in a thread of its own, while this one makes them, drives the GPU and hears the signals.

    However the planes end, those that were made are labelled before this returns or raises.

    Args:
        fill: Function that labels planes as they come.
        planes: Logits (k, y, x) of one plane after another.
        most: Number of planes that may wait to be labelled.
    """
    waiting: Queue[FloatArray | None] = Queue(most)

    def arriving() -> Iterator[FloatArray]:
        while (plane := waiting.get()) is not None:
            yield plane

    with ThreadPoolExecutor(1, "labelling") as thread:
        filling = thread.submit(fill, arriving())
        try:
            for plane in planes:
                if not _put(waiting, plane, filling):
                    break
        finally:
            _put(waiting, None, filling)
    filling.result()


def _put(waiting: Queue[FloatArray | None], plane: FloatArray | None, filling: Future[None]) -> bool:
    """Let a plane, or None for the end, wait to be labelled; False where the labelling has ended by an error."""
    while not filling.done():
        try:
            waiting.put(plane, timeout=_LOOK_S)
        except Full:
            continue
        return True
    return False
