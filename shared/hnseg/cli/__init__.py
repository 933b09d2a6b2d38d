"""The command `hnseg`: one module a verb."""

from __future__ import annotations

import importlib
import logging
import sys

import typer

from hnseg.errors import HnsegError

VERBS = ("run", "predict", "rehearse", "score", "register", "phantom", "doctor")


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
    for verb in VERBS:
        module = importlib.import_module(f"hnseg.cli.{verb}")
        app.command(name=verb)(module.command)
    try:
        app()
    except HnsegError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
        return 1
    return 0
