"""The command `hnseg`: one module a verb."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence

from hnseg.cli.program import make_app, run_app

VERBS = ("run", "predict", "rehearse", "score", "rank", "register", "phantom", "doctor")


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    app = make_app("hnseg", "nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy.")
    for verb in _wanted(sys.argv[1:]):
        module = importlib.import_module(f"hnseg.cli.{verb}")
        app.command(name=verb, **getattr(module, "SETTINGS", {}))(module.command)
    return run_app(app)


def _wanted(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the verbs to import: the one asked for, none for the version, else all for the help."""
    if arguments[:1] == ["--version"]:
        return ()
    return tuple(arguments[:1]) if arguments and arguments[0] in VERBS else VERBS
