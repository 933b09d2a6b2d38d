"""Command `hnseg grade`: a blinded sheet for graders, and the agreement of what they filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.printing import show_table
from hnseg.errors import InputError
from hnseg.evaluation.picture_file import FORMATS
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.robustness.grading.grades_csv import read_grades
from hnseg.robustness.grading.key_csv import read_key
from hnseg.robustness.grading.measures_csv import read_measures
from hnseg.robustness.grading.summary import GradingSummary, summarise_grades


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
        typer.Option(metavar="FILE", help="CSV of measures of the same cases and structures, to correlate with."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Key of the sheet, where the cases in GRADES are its codes.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all results to this file.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the flows between grades: .png or .svg.")
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
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the sheet and its key.")] = None,
    structure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name of the label 1, 2, ... of the sheet; once each.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same codes and intervals.")] = 0,
) -> None:
    """Say how usable segmentations are to clinicians, and how far these agree; or make the sheet for them to fill in."""
    if sheet is not None:
        _make_sheet(sheet, output, structure or ["GTVp", "GTVn"], seed, has_grades=bool(grades))
        return
    if not grades or output is not None or structure:
        raise InputError(
            "hnseg grade must have GRADES.csv, or --sheet CASES with --output DIR, but has neither whole."
            " Is --sheet missing?"
        )
    outputs = [
        Output("--json", json, f"The results must be written to {json}"),
        Output("--plot", plot, f"The picture must be written to {plot}", FORMATS),
    ]
    inputs = [*grades, *(path for path in (scores, key) if path is not None)]
    with output_files(*outputs, inputs=inputs) as files:
        given = read_grades(grades, key=None if key is None else read_key(key))
        summary = summarise_grades(given, None if scores is None else read_measures(scores), draws=draws, seed=seed)
        as_json = summary.model_dump_json(indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
        if plot is not None:
            from hnseg.robustness.grading.picture import draw_flows

            files.write("--plot", lambda path: draw_flows(summary.flows, path))
    _print(summary)


def _make_sheet(sheet: Path, output: Path | None, structures: list[str], seed: int, *, has_grades: bool) -> None:
    from hnseg.robustness.grading.sheet.writing import FOR_GRADERS, KEY_FILE, write_sheet

    if output is None or has_grades:
        raise InputError("--sheet must have --output DIR beside it and no grades, but has not. Is it another command?")
    count = write_sheet(sheet, output, structures, seed=seed)
    typer.echo(f"{count} cases in {output / FOR_GRADERS}; {output / KEY_FILE}, not for them, says which.")


def _print(summary: GradingSummary) -> None:
    from hnseg.robustness.grading.tables import kappa_table, measures_table, shares_table

    for table in (shares_table(summary), kappa_table(summary), measures_table(summary)):
        if table.rows:
            show_table(table)
    typer.echo(
        "Usable: grade 3 or more. Kappa: quadratic weights on five fixed grades. 95 %:"
        f" {summary.bootstrap.draws} draws of the cases."
    )
