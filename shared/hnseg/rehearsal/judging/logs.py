"""Logs of a container, as the platform reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hnseg.printable import printable
from hnseg.rehearsal.profile import Profile

_TAIL_BYTES = 4 << 20
_IN_A_CHARACTER = bytes(range(0x80, 0xC0))  # bytes after the first of a character in UTF-8


@dataclass(frozen=True)
class Log:
    """One stream of a container.

    Attributes:
        lines: Last lines, as many as the platform keeps, in their printable form; bytes that are not UTF-8 with
            backslashes. Of a line that is longer than the platform reads, there is only the beginning.
        is_utf8: Whether every kept byte is text in UTF-8.
        has_long_line: Whether a line is longer than the platform reads.
    """

    lines: tuple[str, ...]
    is_utf8: bool
    has_long_line: bool

    @property
    def last(self) -> str:
        """Last line that is not empty, which the platform shows when a container fails; "" without one."""
        return next((line.strip() for line in reversed(self.lines) if line.strip()), "")


def read_log(path: Path, profile: Profile) -> Log:
    """Return the end of a stream that was written to a file; without lines where there is no file."""
    if not path.is_file():
        return Log(lines=(), is_utf8=True, has_long_line=False)
    with path.open("rb") as file:
        start = max(0, path.stat().st_size - _TAIL_BYTES)
        file.seek(start)
        written = file.read()
    whole_lines = _without_cut_line(written) if start else written
    try:
        text, is_utf8 = whole_lines.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_utf8 = whole_lines.decode("utf-8", "backslashreplace"), False
    # Only a newline ends a line there: a progress bar's carriage returns make one long line.
    lines = text.replace("\0", "").split("\n")
    if lines[-1] == "":
        lines.pop()
    longest = profile.log_line_limit_bytes
    return Log(
        lines=tuple(printable(line.rstrip("\r"), longest=longest) for line in lines[-profile.log_lines :]),
        is_utf8=is_utf8,
        has_long_line=any(len(line) >= profile.log_line_limit_bytes for line in written.split(b"\n")),
    )


def _without_cut_line(written: bytes) -> bytes:
    """Return what was read from the middle of a file, without the rest of a line, or of a character, at its beginning.

    Where all of it is one line, that line is kept.
    """
    rest, newline, lines = written.partition(b"\n")
    return lines if newline else rest.lstrip(_IN_A_CHARACTER)
