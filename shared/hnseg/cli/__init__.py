"""The command `hnseg`: one module a verb."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence

import typer

from hnseg.errors import HnsegError

VERBS = ("run", "predict", "rehearse", "score", "rank", "register", "phantom", "doctor")


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    app = typer.Typer(
        help="nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy."
        " Research software, not a medical device.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)
    for verb in _wanted(sys.argv[1:]):
        module = importlib.import_module(f"hnseg.cli.{verb}")
        app.command(name=verb, **getattr(module, "SETTINGS", {}))(module.command)
    try:
        app()
    except HnsegError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
        return 1
    return 0


def _no_options() -> None:
    """Stand for the options that all verbs share: with them, a single verb is still named on the command line."""


def _wanted(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the verb that is asked for, else all: each brings imports of its own that the others need not wait for."""
    return tuple(arguments[:1]) if arguments and arguments[0] in VERBS else VERBS
