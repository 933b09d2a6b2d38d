"""Command `hnseg selftest`: whether the device computes what it should, and how fast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import rich
import typer
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from hnseg.cli.options.run import DeviceOption
from hnseg.evaluation.tables import Table
from hnseg.imaging.files.output_files import Output, output_files

if TYPE_CHECKING:
    from hnseg.selftest.results import Row, SelfTest

_COLOURS = {"right": "green", "measured": "default", "warning": "yellow", "wrong": "red", "absent": "bright_black"}
_HEADINGS = ("check", "outcome", "found")


EXAMPLES = (
    "hnseg selftest",
    "hnseg selftest --device cpu --model model --report selftest.html",
)


def command(
    device: DeviceOption = "auto",
    model: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Model: the one to test with; untrained networks if left out.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Page: the table too.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Values as JSON: the table too.")] = None,
) -> None:
    """Test the GPU, or the processor, on which networks would run; about a minute.

    Compares label maps with those of torch in float32 on the processor, times a pass by its parts, forces the steps
    down that are taken when memory is short, and ends with a verdict: status 0 where the device is usable, else 1.
    """
    from hnseg.selftest.selftest import run_selftest

    outputs = (
        Output("--report", report, f"The report must be written to {report}", (".html",)),
        Output("--json", json, f"The values must be written to {json}", (".json",)),
    )
    with output_files(*outputs, inputs=[model] if model else []) as files:
        with _rows_shown() as show:
            result = run_selftest(device, model, tell=show)
        files.write("--report", lambda path: path.write_text(_page(result), encoding="utf-8"))
        as_json = result.model_dump_json(indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
    if not sys.stdout.isatty():
        rows = tuple((row.name, row.state, f"{row.found} {row.cure}".strip()) for row in result.rows)
        typer.echo(Table(_HEADINGS, rows, naming_columns=3).as_markdown() + "\n")
    typer.echo(f"{result.verdict} Tested with {result.model}.")
    if not result.is_usable:
        raise typer.Exit(1)


@contextmanager
def _rows_shown() -> Iterator[Callable[[Row], None]]:
    """Give a function that shows a row on the terminal as soon as it is there; elsewhere it shows nothing."""
    if not sys.stdout.isatty():
        yield lambda _: None
        return
    table = RichTable(*_HEADINGS, box=None, pad_edge=False, padding=(0, 2, 1, 0))
    with Live(table, console=rich.get_console()) as live:

        def show(row: Row) -> None:
            """Add a row to the table on the terminal."""
            found = Text.assemble(row.found, (f" {row.cure}".rstrip(), "bold"))
            table.add_row(row.name, Text(row.state, _COLOURS[row.state]), found)
            live.refresh()

        yield show


def _page(result: SelfTest) -> str:
    from hnseg.selftest.page import as_page

    return as_page(result)
