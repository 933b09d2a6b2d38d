"""Names of files and patients in a sentence, few of many."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5  # names in a sentence


def listed(names: Sequence[str]) -> str:
    """Return the first five names in words, and the number of the others.

    >>> listed(["a", "b"]), listed(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
