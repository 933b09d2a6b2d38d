"""`hnseg seg`: segmentations of DICOM, written from a label map and read into one."""

from __future__ import annotations

import typer

from hnseg.cli.seg.read import read
from hnseg.cli.seg.write import write

command = typer.Typer(
    help="Write a label map as a DICOM segmentation (SEG), or read one into a label map.", no_args_is_help=True
)
command.command()(write)
command.command()(read)
