"""Command `hnseg grade`: a blinded sheet for graders, and the agreement of what they filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.grade.agreement import GradeFiles, show_agreement
from hnseg.errors import InputError
from hnseg.robustness.grading.sheet.writing import FOR_GRADERS, KEY_FILE, write_sheet

EXAMPLES = (
    "hnseg grade --sheet cases --output sheet --structure GTVp --structure GTVn",
    "hnseg grade grades.csv --key sheet/key.csv --json agreement.json",
)


def command(  # noqa: PLR0913, PLR0917 (the command line's options)
    grades: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[GRADES...]",
            help="CSV files with the columns case, structure, observer, grade (1 unusable to 5 fully acceptable), and"
            " perhaps modality, kind, severity of a perturbation.",
            show_default=False,
        ),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Scores: a CSV of measures of the same cases and structures, to correlate with."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Key of the sheet, where the cases in GRADES are its codes.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Values as JSON: all results.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture: the flows between grades; .png or .svg.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="How often the cases are drawn anew for the intervals.")] = 1000,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="CASES",
            help="Make a sheet of these cases instead: a folder with a folder a case, or a CSV with the columns case,"
            " image, label_map.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Result: a folder with the sheet and its key.")
    ] = None,
    structure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name of the label 1, 2, ... of the sheet; once each.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same codes and intervals.")] = 0,
) -> None:
    """Say how usable segmentations are to clinicians, and how far these agree; or make the sheet that they fill in."""
    if sheet is None and grades and output is None and not structure:
        show_agreement(GradeFiles(grades, scores, key, json, plot), draws=draws, seed=seed)
    elif sheet is not None and output is not None and not grades:
        _make_sheet(sheet, output, structure or ["GTVp", "GTVn"], seed)
    else:
        raise InputError(
            "hnseg grade must have GRADES.csv, or --sheet CASES with --output DIR and without grades, but has neither."
            " Is one of the options missing?"
        )


def _make_sheet(sheet: Path, output: Path, structures: list[str], seed: int) -> None:
    count = write_sheet(sheet, output, structures, seed=seed)
    typer.echo(f"{count} cases in {output / FOR_GRADERS}; {output / KEY_FILE}, not for them, says which.")
