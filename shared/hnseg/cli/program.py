"""Command-line program: its verbs, `--version`, and a sentence on stderr for a failure."""

from __future__ import annotations

import errno
import importlib
import io
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Annotated

import typer

from hnseg.errors import HnsegError
from hnseg.printable import printable
from hnseg.version import __version__


def run_program(name: str, description: str, *, package: str, verbs: Sequence[str]) -> int:
    """Run a command line; 0 fine, 1 refused or failed with a sentence on stderr; a usage error exits with 2.

    Only the verb that the arguments name is imported, for the help all of them.

    Args:
        name: Name of the command.
        description: Sentence for its help.
        package: Package with a module for each verb, which has `command`, a function or an app of its own, and perhaps
            `SETTINGS`, what typer is to know about it.
        verbs: Names of the verbs, in the help's order; a hyphen is an underscore in the module's name.
    """
    app = typer.Typer(
        name=name,
        help=f"{description} Research software, not a medical device.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared_options)
    for verb in _wanted(sys.argv[1:], verbs):
        _add(app, verb, importlib.import_module(f"{package}.{verb.replace('-', '_')}"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name need not be text in the terminal's encoding
    try:
        app()
    except HnsegError as error:
        return _refused(str(error))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return _refused(f"A path must be one that the system can hold, but {error.filename} is too long. Is it a path?")
    return 0


def _refused(sentence: str) -> int:
    print(printable(sentence), file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
    return 1


def _wanted(arguments: Sequence[str], verbs: Sequence[str]) -> Sequence[str]:
    """Return the verbs to import: the one that is asked for, none for the version, else all."""
    if arguments[:1] == ["--version"]:
        return ()
    return arguments[:1] if arguments and arguments[0] in verbs else verbs


def _add(app: typer.Typer, verb: str, module: ModuleType) -> None:
    if isinstance(module.command, typer.Typer):
        app.add_typer(module.command, name=verb)
    else:
        app.command(name=verb, **getattr(module, "SETTINGS", {}))(module.command)


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
