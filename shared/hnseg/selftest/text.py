"""Self-test as plain text, a line a row, for a container's log."""

from __future__ import annotations

from hnseg.selftest.results import Row, SelfTest


def line_of(row: Row) -> str:
    """Return a row as one line.

    >>> line_of(Row(name="first pass", state="measured", found="9 ms."))
    'measured  first pass: 9 ms.'
    """
    return f"{row.state:<8}  {row.name}: {row.found} {row.cure}".rstrip()


def last_line_of(result: SelfTest) -> str:
    """Return the verdict, with the model that was used."""
    return f"{result.verdict} Tested with {result.model}."
