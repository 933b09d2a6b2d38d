"""A command-line program of the house: its verbs, `--version`, and a sentence on stderr for what fails."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hnseg.errors import HnsegError
from hnseg.version import __version__


def make_app(name: str, description: str) -> typer.Typer:
    """Return a program without verbs yet.

    Args:
        name: Name of the command.
        description: Sentence for its help.
    """
    app = typer.Typer(
        name=name,
        help=f"{description} Research software, not a medical device.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared_options)
    return app


def _show_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(f"{context.command.name} {__version__}")
        raise typer.Exit


def _shared_options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options of all verbs; with a callback, a program with a single verb is still called with its name."""


def run_app(app: typer.Typer) -> int:
    """Run a program; 0 fine, 1 refused or failed with a sentence on stderr; a usage error exits with 2."""
    try:
        app()
    except HnsegError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
        return 1
    return 0
