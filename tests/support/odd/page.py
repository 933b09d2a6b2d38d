"""The page docs/odd_containers.md, written from the table of the tests."""

from pathlib import Path

from tests.support.odd.outputs import OUTPUTS
from tests.support.odd.runs import RUNS
from tests.support.odd.servers import SERVERS

PAGE = Path(__file__).parents[3] / "docs" / "odd_containers.md"
ODD = RUNS | OUTPUTS | SERVERS
_LONGEST = 90  # characters of a sentence in a cell

_HEAD = """# Odd containers

{count} containers that are odd on purpose: what the platform makes of each, by its own code (the tags are those of
[platform.md](platform.md)), and what `hnseg rehearse` says. Each is a real image under a real engine in
`tests/rehearsal/test_odd_containers.py`, where verdict and sentence are asserted; long sentences are cut here.
{equal} are equal. Where the rehearsal is stricter, it says so.

The page is written from the table of that test by `python -m tests.support.odd.page`.

| container | on the platform | in the rehearsal | agreement | source |
|---|---|---|---|---|
"""


def page():
    """Return the text of the page."""
    equal = sum(not odd.here for odd in ODD.values())
    return _HEAD.format(count=len(ODD), equal=equal) + "".join(_row(name, odd) for name, odd in ODD.items())


def _row(name, odd):
    here = "the same" if not odd.here else _cell(odd.here)
    if odd.warns:
        here += f", with a warning ({odd.warns})"
    return f"| {name} | {_cell(odd.there)} | {here} | {odd.agreement} | {odd.source} |\n"


def _cell(sentence):
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
