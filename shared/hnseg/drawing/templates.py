"""Templates of pages: one environment for them all, which escapes every text."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def environment_of(*packages: str) -> Environment:
    """Return an environment of the templates of some packages, in which a name that is not given is an error.

    Args:
        packages: Packages with a folder `templates`, such as `hnseg.selftest`; the first one's count first.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
