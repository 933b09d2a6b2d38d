"""Option that names a DICOM series, and the package that reads it."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from hnseg.errors import InputError

SeriesNumber = Annotated[
    int | None,
    typer.Option(metavar="N", help="Number of the series, where the folder holds several.", show_default=False),
]


def needs_pydicom() -> None:
    """Refuse to go on without the package that reads and writes DICOM.

    Raises:
        InputError: It is not installed.
    """
    if importlib.util.find_spec("pydicom") is None:
        raise InputError('DICOM needs pydicom, but it is not installed. Install hnseg with the extra: "hnseg[dicom]".')
