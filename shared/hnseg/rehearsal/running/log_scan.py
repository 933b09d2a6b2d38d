"""Facts about a whole log, however long: counted block by block, while only its end is kept."""

from __future__ import annotations

import codecs
import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

BLOCK_BYTES = 1 << 16
"""Size of the largest block; no longer than a line that the platform reads."""


@dataclass(frozen=True)
class LogFacts:
    """Facts about a whole log.

    Attributes:
        lines: Number of lines that a newline ends, or the end of the log.
        longest_line_bytes: Length of the longest line that goes over the end of a block, without its newline.
        unread_bytes: Number of bytes that follow the first one that is not UTF-8; None where all are UTF-8.
    """

    lines: int
    longest_line_bytes: int
    unread_bytes: int | None


class LogScan:
    """Scan of a log whose blocks come one after another; its memory does not grow."""

    def __init__(self) -> None:
        self._lines = self._longest = self._line_bytes = 0
        self._unread_bytes: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, block: bytes) -> None:
        """Count the next block, of at most `BLOCK_BYTES`."""
        self._count_lines(block)
        if self._unread_bytes is None:
            self._decode(block)
        else:
            self._unread_bytes += len(block)

    def facts(self) -> LogFacts:
        """Return the facts about all blocks; a character that lacks its last bytes is not UTF-8."""
        if self._unread_bytes is None:
            self._decode(b"", is_last=True)
        lines = self._lines + (self._line_bytes > 0)
        return LogFacts(lines, max(self._longest, self._line_bytes), self._unread_bytes)

    def _count_lines(self, block: bytes) -> None:
        self._lines += block.count(b"\n")
        first = block.find(b"\n")
        self._line_bytes += len(block) if first < 0 else first
        self._longest = max(self._longest, self._line_bytes)
        if first >= 0:
            self._line_bytes = len(block) - block.rfind(b"\n") - 1

    def _decode(self, block: bytes, *, is_last: bool = False) -> None:
        """Look for a byte that is not UTF-8; zero bytes are taken away first, as the platform does."""
        try:
            self._decoder.decode(block.replace(b"\0", b""), is_last)
        except UnicodeDecodeError as error:
            self._unread_bytes = max(0, len(error.object) - error.end)


def facts_file(log: Path) -> Path:
    """Return the file beside a log that holds the facts about all of it, where only its end was kept."""
    return log.with_suffix(".facts.json")


def write_facts(log: Path, facts: LogFacts) -> None:
    """Write the facts about all of a log beside it."""
    facts_file(log).write_text(json.dumps(asdict(facts)), encoding="utf-8")


def facts_of(log: Path) -> LogFacts:
    """Return the facts about a log: those that were written beside it, or those of the file itself."""
    if facts_file(log).is_file():
        return LogFacts(**json.loads(facts_file(log).read_text(encoding="utf-8")))
    scan = LogScan()
    with log.open("rb") as file:
        for block in iter(partial(file.read, BLOCK_BYTES), b""):
            scan.add(block)
    return scan.facts()
