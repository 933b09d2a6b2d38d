"""Page of a self-test, without outside parts."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from hnseg.selftest.results import SelfTest

_BADGES = {"right": "good", "wrong": "bad", "warning": "warn", "measured": "plain", "absent": "plain"}


def as_page(result: SelfTest) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=PackageLoader("hnseg.selftest"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("selftest.html.j2").render(r=result, badges=_BADGES)
