"""Stream of a program that is scanned as a whole and of which the end is kept, however much the program writes."""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

from hnseg.rehearsal.running.log_scan import BLOCK_BYTES, LogScan, write_facts

MOST_KEPT_BYTES = 16 << 20
"""Size of the end that is kept of a log."""

_LOOK_S = 0.2  # between two looks whether reading is to stop
_PATIENCE_S = 2.0  # for what is still in the pipe when the program has ended
_QUIET_S = 0.1  # without a byte after which what was written before is taken to have come


class StreamEnd:
    """Pipe that a thread reads, so that its writer never waits, and of which only the end is kept.

    Attributes:
        writer: Descriptor to write to, for `subprocess.Popen`; to be closed by `close_writer` once the program has it.
        scan: Scan of all that has come out of the pipe since the last cut, of what is not kept too.
        listener: Function that gets each block as it comes, in the thread that reads; None for none.
    """

    def __init__(self, *, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._reader, self.writer = os.pipe()
        self.scan = LogScan()
        self.listener: Callable[[bytes], object] | None = None
        self._most_bytes = most_bytes
        self._blocks: deque[bytes] = deque()
        self._kept_bytes = self._left_out_bytes = 0
        self._is_over = Event()
        self._lock = Lock()
        self._last_s = 0.0
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def close_writer(self) -> None:
        """Close this program's own descriptor, without which the stream would not end."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    @property
    def is_closed(self) -> bool:
        """Whether every process has closed the stream."""
        return not self._thread.is_alive()

    @property
    def pipe(self) -> str:
        """Name of the pipe, as /proc gives it; empty once it is closed."""
        return "" if self.is_closed else str(Path(f"/proc/self/fd/{self._reader}").readlink())

    def cut_to(self, file: Path) -> None:
        """Write what has come since the beginning, or since the last cut, to a file, and the facts about it beside."""
        began = time.monotonic()
        while time.monotonic() < min(began + _PATIENCE_S, max(began, self._last_s) + _QUIET_S):
            time.sleep(_QUIET_S / 4)
        self._take_to(file)

    def end_to(self, file: Path) -> None:
        """Do as `cut_to`, once the program has ended; as `end`, it does not wait for other processes."""
        self._end()
        self._take_to(file)

    def end(self) -> bytes:
        """Return what was kept, after a line on what was not; to be called when the program has ended.

        A process that the program started and that keeps the stream open is not waited for.
        """
        self._end()
        with self._lock:
            return self._kept()

    def _end(self) -> None:
        self.close_writer()
        self._thread.join(_PATIENCE_S)
        self._is_over.set()
        self._thread.join()

    def _take_to(self, file: Path) -> None:
        with self._lock:
            kept, scan = self._kept(), self.scan
            self._blocks.clear()
            self._kept_bytes = self._left_out_bytes = 0
            self.scan = LogScan()
        file.write_bytes(kept)
        write_facts(file, scan.facts())

    def _kept(self) -> bytes:
        kept = b"".join(self._blocks)
        if not self._left_out_bytes:
            return kept
        return b"[%d bytes before these were left out]\n%s" % (self._left_out_bytes, kept)

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._reader, selectors.EVENT_READ)
            while not self._is_over.is_set():
                if selector.select(_LOOK_S):
                    block = os.read(self._reader, BLOCK_BYTES)
                    if not block:
                        break
                    self._keep(block)
                    self._tell(block)
        os.close(self._reader)

    def _tell(self, block: bytes) -> None:
        """Tell the listener, unless it is gone, such as the end of a pipe: the program must not wait for it."""
        if self.listener is not None:
            with suppress(OSError, ValueError):  # a text that a terminal can't show is a ValueError
                self.listener(block)

    def _keep(self, block: bytes) -> None:
        with self._lock:
            self._last_s = time.monotonic()
            self.scan.add(block)
            self._blocks.append(block)
            self._kept_bytes += len(block)
            while self._kept_bytes > self._most_bytes:
                first = self._blocks.popleft()
                self._kept_bytes -= len(first)
                self._left_out_bytes += len(first)


@contextmanager
def logged_to(*files: Path) -> Iterator[list[StreamEnd]]:
    """Yield a stream for each of these files, and write their ends and the facts about them when the block ends."""
    streams = [StreamEnd() for _ in files]
    try:
        yield streams
    finally:
        for file, stream in zip(files, streams, strict=True):
            stream.end_to(file)
