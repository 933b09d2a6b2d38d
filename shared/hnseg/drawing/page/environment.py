"""Environment of pages' templates: one for them all, which escapes every text, with the look that they share.

Every page may include `page.css` and import from `parts.html.j2`: `paste`, a text with a button that copies it, and
`grid`, a table. A page that does ends with `page_script`, which needs no network and works from disk.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

SHARED_FILES = ("page.css", "page.js", "parts.html.j2")
"""Names of the templates that all pages share."""

_PACKAGE = "hnseg.drawing.page"


def environment_of(*packages: str) -> Environment:
    """Return an environment of the templates of some packages, in which a name that is not given is an error.

    Its globals are `page_script`, the shared script as an element of HTML, and `page_script_hash`, by which a content
    security policy permits that script and no other.

    Args:
        packages: Packages with a folder `templates`, such as `hnseg.selftest`; the first one's count first.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, _PACKAGE)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = shared_text("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "page_script": Markup(f"<script>{script}</script>"),
        "page_script_hash": Markup(f"'sha256-{digest}'"),
    }
    return environment


@cache
def shared_text(name: str) -> str:
    """Return the text of a template that all pages share."""
    return (files(_PACKAGE) / "templates" / name).read_text(encoding="utf-8")
