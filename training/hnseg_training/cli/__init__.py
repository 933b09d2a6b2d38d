"""Command `hnseg-train`: from a challenge's public data to the bundle that its container runs; one module a verb.

Verbs import torch, nnU-Net and the like inside their functions, so that `--help` needs none of them.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hnseg import __version__
from hnseg.errors import HnsegError

VERBS = ("convert", "plan", "fit", "outcomes", "export")


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for package in ("hnseg", "hnseg_training"):  # nnU-Net's own libraries stay at warnings
        logging.getLogger(package).setLevel(logging.INFO)
    app = typer.Typer(
        help="From a challenge's public data to the weights that its container runs: convert, plan, fit, export.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared_options)
    for verb in _wanted(sys.argv[1:]):
        command = importlib.import_module(f"hnseg_training.cli.{verb}").command
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=verb)
        else:
            app.command(name=verb)(command)
    try:
        app()
    except HnsegError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
        return 1
    return 0


def _print_version(asked: bool) -> None:
    """Print the version and end the program where it is asked for."""
    if asked:
        typer.echo(f"hnseg-train {__version__}")
        raise typer.Exit


def _shared_options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of the command itself; with them, a single verb is still named on the command line."""


def _wanted(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the verb that the arguments name, else all verbs: one verb need not wait for the imports of the others."""
    return tuple(arguments[:1]) if arguments and arguments[0] in VERBS else VERBS
