"""Command-line program: its verbs, `--version`, completion, and a sentence on stderr for a failure."""

from __future__ import annotations

import ast
import errno
import importlib
import importlib.util
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from hnseg.cli.options.completion import words_to_complete
from hnseg.cli.options.dicom import with_joined_series
from hnseg.cli.options.examples import examples
from hnseg.cli.options.seed import check_seeds
from hnseg.errors import HnsegError, InputError, ProblemsError
from hnseg.printable import printable
from hnseg.version import __version__

_USAGE = 2


def run_program(name: str, description: str, *, package: str, verbs: Sequence[str], of_all: Sequence[str] = ()) -> int:
    """Run a command line; 0 fine, 1 refused or failed with a sentence on stderr; a usage error exits with 2.

    Only the verb that the arguments name is imported, for the help all of them, to complete a verb's name none.

    Args:
        name: Name of the command.
        description: Sentence for its help.
        package: Package with a module for each verb, which has `command`, a function or an app of its own, and perhaps
            `EXAMPLES`, commands for its help, and `SETTINGS`, what typer is to know about it. The modules of an app's
            commands have `EXAMPLES`, too.
        verbs: Names of the verbs, in the help's order; a hyphen is an underscore in the module's name.
        of_all: Examples for its help.
    """
    app = typer.Typer(
        name=name,
        help=f"{description} Research software, not a medical device.",
        epilog=examples(*of_all),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_shared_options)
    _add_wanted(app, name, package, verbs)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name need not be text in the terminal's encoding
    return _status_of(app, name)


def _status_of(app: typer.Typer, name: str) -> int:
    """Run an app with the arguments of this process, and return its status."""
    try:
        check_seeds(sys.argv[1:])
    except InputError as error:
        _refused(str(error))
        return _USAGE
    try:
        app(with_joined_series(sys.argv[1:]), prog_name=name)
    except ProblemsError as error:
        return _refused(*str(error).splitlines())
    except HnsegError as error:
        return _refused(str(error))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return _refused(f"A path must be one that the system can hold, but {error.filename} is too long. Is it a path?")
    return 0


def _refused(*lines: str) -> int:
    for line in lines:
        print(printable(line), file=sys.stderr)  # noqa: T201 (the one place where a sentence reaches the terminal)
    return 1


def _add_wanted(app: typer.Typer, name: str, package: str, verbs: Sequence[str]) -> None:
    """Add the verbs that are asked for; their names alone where a shell completes one."""
    words = words_to_complete(name)
    if words is not None and words[:1] not in [[verb] for verb in verbs]:
        _add_names(app, package, verbs)
    else:
        add_verbs(app, package, _wanted(sys.argv[1:] if words is None else words, verbs))


def _wanted(arguments: Sequence[str], verbs: Sequence[str]) -> Sequence[str]:
    """Return the verbs to import: the one that is asked for, none for the version, else all."""
    if arguments[:1] == ["--version"]:
        return ()
    return arguments[:1] if arguments and arguments[0] in verbs else verbs


def _add_names(app: typer.Typer, package: str, verbs: Sequence[str]) -> None:
    """Add verbs by name, each with what its module's first line says of it, and import none of them."""
    for verb in verbs:
        found = importlib.util.find_spec(f"{package}.{verb.replace('-', '_')}")
        text = ast.get_docstring(ast.parse(Path(found.origin).read_bytes())) if found and found.origin else None
        summary = (text or "").partition("\n")[0].partition(": ")[2]
        app.command(name=verb, help=summary)(_nothing)


def _nothing() -> None:
    """Do nothing: a verb whose name is completed does not run."""


def add_verbs(app: typer.Typer, package: str, verbs: Sequence[str]) -> None:
    """Add verbs to a program.

    Args:
        app: Program.
        package: Package with a module for each verb, as in `run_program`.
        verbs: Names of the verbs.
    """
    for verb in verbs:
        _add(app, verb, importlib.import_module(f"{package}.{verb.replace('-', '_')}"))


def _add(app: typer.Typer, verb: str, module: ModuleType) -> None:
    if isinstance(module.command, typer.Typer):
        own = [(each, _examples(sys.modules[each.callback.__module__])) for each in module.command.registered_commands]
        for each, its in own:
            each.epilog = examples(*its)
        of_group = _examples(module) or [its[0] for _, its in own if its]
        app.add_typer(module.command, name=verb, epilog=examples(*of_group))
    else:
        settings = {"epilog": "", **getattr(module, "SETTINGS", {})}
        settings["epilog"] = "\n\n".join(filter(None, (settings["epilog"], examples(*_examples(module)))))
        app.command(name=verb, **settings)(module.command)


def _examples(module: ModuleType) -> Sequence[str]:
    """Return the examples of the verb that a module has."""
    found: Sequence[str] = getattr(module, "EXAMPLES", ())
    return found


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
