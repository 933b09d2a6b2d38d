"""Logs of a container, as the platform reads them: DIAGNijmegen/rse-sagemaker-shim at b20f0a7, `logging.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hnseg.printable import printable
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.log_scan import facts_of

_TAIL_BYTES = 4 << 20
_IN_A_CHARACTER = bytes(range(0x80, 0xC0))  # bytes after the first of a character in UTF-8


@dataclass(frozen=True)
class Log:
    """One stream of a container.

    Attributes:
        lines: Last lines, as many as the platform keeps, in their printable form; bytes that are not UTF-8 with
            backslashes. A carriage return ends a line, as there. Of a line that is longer than the platform reads,
            there is only the beginning.
        is_utf8: Whether every byte of the whole stream is text in UTF-8.
        has_long_line: Whether a line of the whole stream is longer than the platform reads.
        unread_bytes: Number of bytes after the first that is not UTF-8, which the platform's log reader does not read.
        pushed_out: Number of lines that would be among the last ones if carriage returns ended none.
    """

    lines: tuple[str, ...]
    is_utf8: bool
    has_long_line: bool
    unread_bytes: int = 0
    pushed_out: int = 0

    @property
    def last(self) -> str:
        """Last line that is not empty, which the platform shows when a container fails; "" without one."""
        return next((line.strip() for line in reversed(self.lines) if line.strip()), "")


def read_log(path: Path, profile: Profile) -> Log:
    """Return the end of a stream that was written to a file, and what the whole stream had; empty without the file."""
    if not path.is_file():
        return Log(lines=(), is_utf8=True, has_long_line=False)
    facts = facts_of(path)
    kept = _split(_end_of(path), longest=profile.log_line_limit_bytes)[-profile.log_lines :]
    whole = sum(line.is_whole for line in kept)
    is_full = len(kept) == profile.log_lines
    return Log(
        lines=tuple(printable(line.text, longest=profile.log_line_limit_bytes) for line in kept),
        is_utf8=facts.unread_bytes is None,
        has_long_line=facts.longest_line_bytes > profile.log_line_limit_bytes,
        unread_bytes=facts.unread_bytes or 0,
        pushed_out=min(facts.lines, profile.log_lines) - whole if is_full else 0,
    )


class _Line(NamedTuple):
    """Line of a log as the platform keeps it, and whether a newline ended it, not a carriage return."""

    text: str
    is_whole: bool


def _split(written: bytes, *, longest: int) -> list[_Line]:
    """Return the lines of a log: read up to a newline, then split at carriage returns and the like, as there."""
    read = written.decode("utf-8", "backslashreplace").replace("\0", "").split("\n")
    if read[-1] == "":
        read.pop()
    lines: list[_Line] = []
    for line in read:
        *before, last = [line] if len(line) > longest else line.splitlines() or [""]
        lines += (_Line(text, is_whole=False) for text in before)
        lines.append(_Line(last, is_whole=True))
    return lines


def _end_of(path: Path) -> bytes:
    """Return the end of a file, from the beginning of a line."""
    with path.open("rb") as file:
        start = max(0, path.stat().st_size - _TAIL_BYTES)
        file.seek(start)
        written = file.read()
    return _without_cut_line(written) if start else written


def _without_cut_line(written: bytes) -> bytes:
    """Return what was read from the middle of a file, without the rest of a line, or of a character, at its beginning.

    Where all of it is one line, that line is kept.
    """
    rest, newline, lines = written.partition(b"\n")
    return lines if newline else rest.lstrip(_IN_A_CHARACTER)
