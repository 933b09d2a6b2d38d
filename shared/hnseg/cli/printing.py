"""Tables on the terminal, and as Markdown where the output goes elsewhere."""

from __future__ import annotations

import sys

import rich
import typer

from hnseg.evaluation.tables import Table


def show_table(table: Table) -> None:
    """Print a table: drawn on a terminal, as Markdown into a file or a pipe."""
    if sys.stdout.isatty():
        rich.print(table.for_terminal())
    else:
        typer.echo(table.as_markdown() + "\n")
