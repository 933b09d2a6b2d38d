"""Verbs of both commands with their options, as typer's own parser has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

import hnseg.cli
import hnseg_training.cli
from hnseg.cli.program import add_verbs

PROGRAMS = {"hnseg": hnseg.cli, "hnseg-train": hnseg_training.cli}


@dataclass(frozen=True)
class Verb:
    """Command at the end of a path of words, such as `hnseg rtstruct write`."""

    words: tuple[str, ...]
    command: Any

    def __str__(self) -> str:
        """Words of the verb."""
        return " ".join(self.words)

    @property
    def is_group(self) -> bool:
        """Whether it has verbs of its own."""
        return hasattr(self.command, "list_commands")


def program(name: str) -> Any:
    """Return a program with all of its verbs."""
    package = PROGRAMS[name]
    app = typer.Typer(name=name)
    app.callback()(lambda: None)
    add_verbs(app, package.__name__, package.VERBS)
    return typer.main.get_command(app)


def all_verbs() -> list[Verb]:
    """Return every verb and group of verbs of both programs, without the programs themselves."""
    return [verb for name in PROGRAMS for verb in _below((name,), program(name)) if len(verb.words) > 1]


def parse(words: list[str]) -> str:
    """Give words to the verb that they name, without running it, and return its name.

    Raises:
        Exception: What the parser refuses, as typer's class has it.
    """
    found, context = program(words[0]), None
    remaining = words[1:]
    while hasattr(found, "list_commands") and remaining and not remaining[0].startswith("-"):
        name, *remaining = remaining
        found = found.get_command(context, name)
        assert found is not None, f"{name} is no verb of {words}"
    assert not hasattr(found, "list_commands"), f"{words} ends at a group"
    found.make_context(words[-1], remaining)
    return str(found.name)


def _below(words: tuple[str, ...], command: Any) -> Iterator[Verb]:
    yield Verb(words, command)
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from _below((*words, name), command.get_command(None, name))
