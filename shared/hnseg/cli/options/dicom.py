"""Options of verbs that take a case's inputs from DICOM files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.errors import InputError


@dataclass(frozen=True)
class ChoiceOptions:
    """Options on what fills the inputs, where that is not clear by itself."""

    series: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ct=3,pet=5", help="Series for inputs, by the numbers of `hnseg dicom list`; none for an empty one."
        ),
    ] = None
    roi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GTV=NAME", help="Structure of a DICOM structure set for a label of an input, by name or number."
        ),
    ] = None

    def check(self, *, has_dicom: bool) -> None:
        """Refuse a choice among DICOM files where none are given.

        Raises:
            InputError: The sentence names the option.
        """
        given = {"--series": self.series, "--roi": self.roi}
        if not has_dicom and (used := [option for option, words in given.items() if words]):
            raise InputError(f"{used[0]} chooses among DICOM files, so --dicom must be given, but it was left out.")


DicomOption = Annotated[
    Path | None,
    typer.Option("--dicom", metavar="DIR", help="Folder of DICOM files that fill the inputs, of any depth."),
]
