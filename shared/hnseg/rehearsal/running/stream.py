"""Stream of a program that is scanned as a whole and of which the end is kept, however much the program writes."""

from __future__ import annotations

import os
import selectors
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from hnseg.rehearsal.running.log_scan import BLOCK_BYTES, LogScan, write_facts

MOST_KEPT_BYTES = 16 << 20
"""Size of the end that is kept of a log."""

_LOOK_S = 0.2  # between two looks whether reading is to stop
_PATIENCE_S = 2.0  # for what is still in the pipe when the program has ended


class StreamEnd:
    """Pipe that a thread reads, so that its writer never waits, and of which only the end is kept.

    Attributes:
        writer: Descriptor to write to, for `subprocess.Popen`; to be closed by `close_writer` once the program has it.
        scan: Scan of all that came out of the pipe, of what is not kept too.
    """

    def __init__(self, *, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._reader, self.writer = os.pipe()
        self.scan = LogScan()
        self._most_bytes = most_bytes
        self._blocks: deque[bytes] = deque()
        self._kept_bytes = self._left_out_bytes = 0
        self._is_over = Event()
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def close_writer(self) -> None:
        """Close this program's own descriptor, without which the stream would not end."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def end(self) -> bytes:
        """Return what was kept, after a line on what was not; to be called when the program has ended.

        A process that the program started and that keeps the stream open is not waited for.
        """
        self.close_writer()
        self._thread.join(_PATIENCE_S)
        self._is_over.set()
        self._thread.join()
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
        os.close(self._reader)

    def _keep(self, block: bytes) -> None:
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
            file.write_bytes(stream.end())
            write_facts(file, stream.scan.facts())
