"""Options of verbs that take a case's inputs from DICOM files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.errors import InputError

_PAIR = re.compile(r"[^-\s=][^\s=]*=(\d+|none)")


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


def with_joined_series(words: Sequence[str]) -> list[str]:
    """Return the words of a command with the pairs behind `--series` as one word, since an option has one value.

    >>> with_joined_series(["run", "--series", "ct=3", "pet=none", "--dicom", "patient_7"])
    ['run', '--series', 'ct=3,pet=none', '--dicom', 'patient_7']
    """
    joined: list[str] = []
    for word in words:
        is_further = len(joined) > 1 and joined[-2] == "--series" and _PAIR.fullmatch(word)
        if is_further and all(_PAIR.fullmatch(pair) for pair in joined[-1].split(",")):
            joined[-1] += f",{word}"
        else:
            joined.append(word)
    return joined
