"""Streams and events of a pretended GPU, which take their time by a clock while the host goes on.

What the host or a stream has waited for is kept as the number of the last work of each stream. So it is known whether
work on one stream may begin before that of another, which it needs, has ended.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from tests.support.simulated_backend import Clock

Waited = dict["Stream", int]
"""Number of the last work of each stream that was waited for."""


class Stream:
    """Stream of work on the GPU, in order; see `torch.cuda.Stream`.

    Attributes:
        end_s: Time at which all work so far will be done.
        waited: What its next work comes after, its own work so far included.
    """

    device = torch.device("cuda", 0)

    def __init__(self, queue: Queue) -> None:
        self.end_s, self.waited = 0.0, {self: 0}
        self._queue = queue

    def launch(self, seconds: float) -> int:
        """Add work that takes some time, and return its number."""
        self.end_s = max(self.end_s, self._queue.clock()) + seconds
        self.waited[self] += 1
        return self.waited[self]

    def has_waited_for(self, stream: Stream, number: int) -> bool:
        """Return whether work launched from now on comes after that of a stream: by an event, or as the host waited."""
        return max(self.waited.get(stream, 0), self._queue.waited.get(stream, 0)) >= number

    def record_event(self, event: Event | None = None) -> Event:
        event = event or Event(self._queue)
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        self.wait_event(stream.record_event())

    def synchronize(self) -> None:
        self.record_event().synchronize()

    def query(self) -> bool:
        return self.record_event().query()


class Event:
    """Point in the work of a stream; see `torch.cuda.Event`. One that was never recorded has passed."""

    def __init__(self, queue: Queue, enable_timing: bool = False, *_: object, **__: object) -> None:
        self.enable_timing = enable_timing
        self.end_s = 0.0
        self.waited: Waited = {}
        self._queue = queue

    def record(self, stream: Stream | None = None) -> None:
        stream = stream or self._queue.current
        self.end_s, self.waited = max(stream.end_s, self._queue.clock()), dict(stream.waited)

    def wait(self, stream: Stream | None = None) -> None:
        stream = stream or self._queue.current
        stream.end_s = max(stream.end_s, self.end_s)
        _merge(stream.waited, self.waited)

    def synchronize(self) -> None:
        self._queue.wait_until(self.end_s, self.waited)

    def query(self) -> bool:
        has_passed = self.end_s <= self._queue.clock()
        if has_passed:
            self.synchronize()
        return has_passed

    def elapsed_time(self, end_event: Event) -> float:
        if not (self.enable_timing and end_event.enable_timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        return 1000 * (end_event.end_s - self.end_s)


@dataclass(frozen=True)
class _Pending:
    """Copy to pinned memory that nothing has waited for yet, by its stream and the number of the work there."""

    stream: Stream
    number: int
    complete: Callable[[], object]


@dataclass
class Queue:
    """Work of all streams, of which the host has waited for some.

    The clock is that of the main thread: what another thread waits for completes, but moves no clock, also where the
    main thread then waits for that one.

    Attributes:
        clock: Clock of the host.
        depth: Number of passes that may be launched before the host has to wait for the oldest.
        default: Stream that work goes to by default.
        waited: What the host has waited for.
    """

    clock: Clock
    depth: int
    waited: Waited = field(default_factory=dict)
    _pending: list[_Pending] = field(default_factory=list)
    _passes: deque[float] = field(default_factory=deque)
    _thread: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.default = Stream(self)
        self._streams = [self.default]

    @property
    def current(self) -> Stream:
        """Stream that this thread's work goes to."""
        stream: Stream = getattr(self._thread, "stream", self.default)
        return stream

    @contextmanager
    def on(self, stream: Stream | None) -> Iterator[None]:
        """Let this thread's work go to another stream inside a `with`."""
        usual, self._thread.stream = self.current, stream or self.current
        try:
            yield
        finally:
            self._thread.stream = usual

    def new_stream(self, *_: object, **__: object) -> Stream:
        """Return a new stream, of whatever priority."""
        self._streams.append(Stream(self))
        return self._streams[-1]

    def synchronize(self) -> None:
        """Wait for all work of all streams."""
        for stream in self._streams:
            stream.synchronize()

    def wait_until(self, end_s: float, waited: Waited) -> None:
        """Let the host wait until a time by which some work is done, whose copies are then complete."""
        if threading.current_thread() is threading.main_thread():
            self.clock.now_s = max(self.clock.now_s, end_s)
        _merge(self.waited, waited)
        done = [copy for copy in self._pending if self.waited.get(copy.stream, 0) >= copy.number]
        for copy in done:
            self._pending.remove(copy)
            copy.complete()

    def complete_later(self, number: int, complete: Callable[[], object]) -> None:
        """Call a function when the host has waited for some work of the current stream."""
        self._pending.append(_Pending(self.current, number, complete))

    def launch_pass(self, seconds: float) -> None:
        """Add a pass to the current stream, when fewer than `depth` are waiting there."""
        while len(self._passes) >= self.depth:
            self.clock.now_s = max(self.clock.now_s, self._passes.popleft())
        self.current.launch(seconds)
        self._passes.append(self.current.end_s)
        while self._passes and self._passes[0] <= self.clock():
            self._passes.popleft()


def _merge(waited: Waited, more: Waited) -> None:
    for stream, number in more.items():
        waited[stream] = max(waited.get(stream, 0), number)
