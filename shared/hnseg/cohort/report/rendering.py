"""Rendering of the report's templates: the values as text, and addresses of files by relative paths."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path, PurePath
from urllib.parse import quote_from_bytes

from jinja2 import Environment

from hnseg.drawing.page.environment import environment_of
from hnseg.machine import in_gib

UNKNOWN = "-"
"""Text of a value that is not known."""


@cache
def environment() -> Environment:
    """Return the environment of the templates; every text in them is escaped."""
    made = environment_of("hnseg.cohort.report")
    made.filters |= {"seconds": in_time, "gib": in_gib, "ml": in_ml, "position": in_mm}
    return made


def address_of(path: Path, *, seen_from: Path) -> str:
    """Return the address of a file relative to a folder, for a link; any name can stand in it.

    >>> address_of(Path("out/a #1/report/index.html"), seen_from=Path("out"))
    'a%20%231/report/index.html'
    """
    relative = PurePath(os.path.relpath(path, seen_from)).as_posix()
    address = quote_from_bytes(os.fsencode(relative), safe="/")
    return f"./{address}" if ":" in relative.partition("/")[0] else address


def in_time(seconds: float | None) -> str:
    """Return a time as text, with as many digits as are worth reading.

    >>> in_time(0.346), in_time(12.34), in_time(95), in_time(7500)
    ('0.35 s', '12.3 s', '1 min 35 s', '2 h 05 min')
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def in_ml(value: float) -> str:
    """Return a volume in ml with three digits, or whole.

    >>> in_ml(0.03456), in_ml(1.234), in_ml(56.78), in_ml(1234.5), in_ml(0)
    ('0.035', '1.23', '56.8', '1234', '0')
    """
    if value == 0:
        return "0"
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


def in_mm(point: tuple[float, ...] | None) -> str:
    """Return a position as text, in whole millimetres.

    >>> in_mm((-1.6, -0.2, 103.4))
    '-2, 0, 103'
    """
    return UNKNOWN if point is None else ", ".join(str(round(value)) for value in point)
