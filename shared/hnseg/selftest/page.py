"""Page of a self-test, without outside parts."""

from __future__ import annotations

from hnseg.drawing.page.environment import environment_of
from hnseg.selftest.results import SelfTest
from hnseg.selftest.text import summary_of

_BADGES = {"right": "good", "wrong": "bad", "warning": "warn", "measured": "plain", "absent": "plain"}


def as_page(result: SelfTest) -> str:
    """Return the page as HTML."""
    environment = environment_of("hnseg.selftest")
    return environment.get_template("selftest.html.j2").render(r=result, badges=_BADGES, summary=summary_of(result))
