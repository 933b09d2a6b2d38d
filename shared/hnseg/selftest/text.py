"""Self-test as plain text, a line a row, for a container's log and to be pasted."""

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


def summary_of(result: SelfTest) -> str:
    """Return a self-test as lines to be pasted: version and device, the verdict, then every row."""
    title = f"hnseg {result.version}, self-test of {result.device}, {result.created:%Y-%m-%d %H:%M} UTC"
    return "\n".join([title, last_line_of(result), "", *map(line_of, result.rows)]) + "\n"
