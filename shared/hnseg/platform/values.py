"""JSON values among the inputs, read leniently: a value that can't be read is left out, and the case goes on.

They come from people and spreadsheets: organisers' own samples have had a comma after the last field, and NaN for what
is not known. Nothing of their contents is quoted, since they describe patients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.platform.spec import ChallengeSpec, ValueSocket

_MOST_MIB = 1  # of a value; a health record has a few hundred bytes
# A string without an end reaches to the end of the text, so that no part of it is searched twice.
_STRING_OR_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.?)*(?:"|\Z))|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True)
class Values:
    """Values of a case by the slug of their socket; a missing file is in none of the three.

    Attributes:
        parsed: JSON value of each file that could be read.
        files: File of each parsed value.
        left_out: Reason, a sentence, for each file that could not be read.
    """

    parsed: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def read_values(spec: ChallengeSpec, files: Mapping[str, Path]) -> Values:
    """Read every value socket of a case.

    Args:
        spec: Description of the sockets.
        files: File of each value socket, by slug; it need not exist, and a slug may be left out.
    """
    values = Values()
    for socket in spec.values:
        if socket.slug in files:
            _read_into(values, socket, files[socket.slug])
    return values


def _read_into(values: Values, socket: ValueSocket, path: Path) -> None:
    try:
        parsed = _parse(read_bounded(path, most_mib=_MOST_MIB))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        values.left_out[socket.slug] = _why_not(socket, path, error)
        return
    values.parsed[socket.slug] = parsed
    values.files[socket.slug] = path


def _parse(written: bytes) -> Any:
    """Return a JSON value; NaN, infinities, a byte order mark and a comma before a closing bracket are tolerated."""
    text = written.decode(json.detect_encoding(written))
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        # A space for each such comma, so that the place of another mistake is that in the file.
        return json.loads(_STRING_OR_LAST_COMMA.sub(lambda found: found[1] or " ", text))


def _why_not(socket: ValueSocket, path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            f"The {socket.title} must be readable, but {path} can't be read ({error.strerror})."
            " Was it made by another user, or is it a folder?"
        )
    where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
    return (
        f"The {socket.title} must be JSON, but {path} can't be parsed as such{where}."
        " Is the file cut off, empty, or of another type?"
    )
