"""Seeds on the command line: one range for every --seed, and a sentence for what is outside it."""

from __future__ import annotations

from typing import Any

import click
from typer.core import TyperGroup

MOST_SEED = 2**32 - 1
"""Largest seed: that of NumPy's older generators and scikit-learn, which nnU-Net uses."""


class Seed(click.ParamType):
    """Whole number from 0 to `MOST_SEED`."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; another value ends the command as a wrong usage."""
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SEED)) and int(text) <= MOST_SEED:
            return int(text)
        return self.fail(f"must be a whole number from 0 to {MOST_SEED}, found {text!r}", param, ctx)


class SeededGroup(TyperGroup):
    """Group of verbs, in all of which --seed is a `Seed`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb by its name."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _take_seeds(command)
        return command


def _take_seeds(command: click.Command) -> None:
    """Let the seeds of a command, and of those below it, be `Seed`s."""
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _take_seeds(below)
    for option in command.params:
        if option.name == "seed":
            option.type = Seed()
