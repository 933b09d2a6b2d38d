"""Option of verbs that write their outputs in further formats."""

from __future__ import annotations

from typing import Annotated

import typer

from hnseg.dicom.exports.formats import Format, formats_of
from hnseg.errors import InputError

WriteOption = Annotated[
    str,
    typer.Option(
        "--write",
        metavar="rtstruct,seg,nifti",
        help="Formats that the outputs are written in besides, to the folder exports beside them.",
        show_default=False,
    ),
]


def formats_asked(text: str, *, has_dicom: bool) -> tuple[Format, ...]:
    """Return the formats that were asked for.

    Args:
        text: Value of the option.
        has_dicom: Whether the inputs are DICOM files, on which files of DICOM can lie.

    Raises:
        InputError: A word is no format, or a format lies on DICOM files and there are none.
    """
    formats = formats_of(text)
    if not has_dicom and (lacking := [each.value for each in formats if each.needs_series]):
        raise InputError(
            f"--write {','.join(lacking)} lies on the slices of a DICOM series, so --dicom must be given, but it was"
            " left out. Of a label map and its series, hnseg rtstruct write and hnseg seg write make the same."
        )
    return formats
