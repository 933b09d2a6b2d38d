"""JSON that a container wrote, parsed within bounds into values that `rehearsal.json` and the page can hold."""

from __future__ import annotations

import json
import sys
from typing import Any

from hnseg.printable import printable

MOST_LEVELS = 32
"""Number of levels, of lists and objects in each other, above which JSON is refused."""


def parse_json(text: str) -> Any:
    """Return the value of a JSON text; NaN and infinities are None, as on the platform.

    Raises:
        ValueError: The text is no JSON, or nested deeper than `MOST_LEVELS`; a json.JSONDecodeError says where.

    >>> parse_json('{"days": NaN}')
    {'days': None}
    """
    try:
        value = json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise _too_deep() from None
    _check_levels(value, MOST_LEVELS)
    return value


def in_plain(value: Any) -> Any:
    r"""Return a parsed value with printable texts and keys, and None for a number that is no finite float.

    >>> in_plain({"a\n": [float("inf"), "\ud800", 7]})
    {'a\\n': [None, '\\ud800', 7]}
    """
    if isinstance(value, dict):
        return {printable(str(key)): in_plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [in_plain(member) for member in value]
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, (int, float)) and not abs(value) <= sys.float_info.max:
        return None
    return value


def _check_levels(value: Any, left: int) -> None:
    """Refuse a value with more levels than are left."""
    if not isinstance(value, (dict, list)):
        return
    if not left:
        raise _too_deep()
    for member in value.values() if isinstance(value, dict) else value:
        _check_levels(member, left - 1)


def _too_deep() -> ValueError:
    return ValueError(f"it is nested over {MOST_LEVELS} levels deep")
