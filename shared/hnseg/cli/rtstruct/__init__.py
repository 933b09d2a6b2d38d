"""`hnseg rtstruct`: structure sets of DICOM, written from a label map and read into one."""

from __future__ import annotations

import typer

from hnseg.cli.rtstruct.read import read
from hnseg.cli.rtstruct.write import write

command = typer.Typer(
    help="Write a label map as a DICOM structure set (RTSTRUCT), or read one into a label map.", no_args_is_help=True
)
command.command()(write)
command.command()(read)
