"""Command `hnseg doctor`: abilities of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import rich
import rich.markup
import typer
from rich.table import Table as RichTable

from hnseg.evaluation.tables import Table
from hnseg.rehearsal.doctor import Ability, base_image_of, examine

EXAMPLES = ("hnseg doctor",)


def command() -> None:
    """Say what this machine can and can't do, and what to do about it."""
    abilities = examine(base_image_of(Path("containers", "Dockerfile")))
    if sys.stdout.isatty():
        rich.print(_for_terminal(abilities))
    else:
        rows = tuple((ability.name, ability.state, ability.found, ability.advice) for ability in abilities)
        typer.echo(Table(("what", "can it?", "found", "what to do"), rows, naming_columns=4).as_markdown())


def _for_terminal(abilities: list[Ability]) -> RichTable:
    colours = {"yes": "green", "limited": "yellow", "no": "red"}
    table = RichTable("what", "can it?", "found", "what to do", box=None, pad_edge=False, padding=(0, 2, 1, 0))
    for ability in abilities:
        state = f"[{colours[ability.state]}]{ability.state}[/]"
        table.add_row(ability.name, state, rich.markup.escape(ability.found), rich.markup.escape(ability.advice))
    return table
