"""Page of a self-test, without outside parts."""

from __future__ import annotations

from hnseg.drawing.templates import environment_of
from hnseg.selftest.results import SelfTest

_BADGES = {"right": "good", "wrong": "bad", "warning": "warn", "measured": "plain", "absent": "plain"}


def as_page(result: SelfTest) -> str:
    """Return the page as HTML."""
    environment = environment_of("hnseg.selftest")
    return environment.get_template("selftest.html.j2").render(r=result, badges=_BADGES)
