"""`hnseg dicom`: what a folder of DICOM files holds."""

from __future__ import annotations

import typer

from hnseg.cli.dicom.listing import list_series

command = typer.Typer(help="Look into a folder of DICOM files.", no_args_is_help=True)
command.callback()(lambda: None)  # with a callback, a single subverb is still called with its name
command.command(name="list")(list_series)
