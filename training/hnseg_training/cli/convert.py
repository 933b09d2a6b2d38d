"""`hnseg-train convert`: from a challenge's public data to an nnU-Net data set, with a command a challenge."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from hnseg.cli.options.examples import examples
from hnseg.discovery import challenge_module, challenge_names
from hnseg_training.cli.options import CHALLENGES


class _Challenges(TyperGroup):
    """Commands of the challenges by name, each imported only where it is asked for.

    The classes of click are not named here: by its version typer depends on click or has a copy of it.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names of the challenges, sorted."""
        return challenge_names(CHALLENGES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (click's signature)
        """Return the command of a challenge; None for another name, which click refuses."""
        if cmd_name not in challenge_names(CHALLENGES):
            return None
        app = typer.Typer(add_completion=False)
        module = challenge_module(CHALLENGES, cmd_name, "convert")
        app.command(name=cmd_name, epilog=examples(*module.EXAMPLES))(module.command)
        return get_command(app)


EXAMPLES = ("hnseg-train convert hnts_mrg HNTSMRG24_train --output work",)


command = typer.Typer(
    cls=_Challenges, help="Turn a challenge's public data into an nnU-Net data set.", no_args_is_help=True
)
"""Group of the challenges' commands."""
