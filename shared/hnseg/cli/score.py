"""`hnseg score`: predictions against references, as a challenge scores them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import rich
import typer

from hnseg.errors import OutputError
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scores_csv import write_scores
from hnseg.evaluation.scoring import score_folder
from hnseg.evaluation.tables import Table, cases_table, structures_table


def command(
    challenge: Annotated[str, typer.Argument(metavar="CHALLENGE", help="The challenge, such as hnts_mrg.")],
    predictions: Annotated[Path, typer.Option(metavar="DIR", help="Folder with one label map a case.")],
    references: Annotated[Path, typer.Option(metavar="DIR", help="Folder with the reference of each, paired by name.")],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all values to this file.")] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add each case's values to this file, for hnseg rank.")
    ] = None,
    team: Annotated[str, typer.Option(help="Whose predictions, in the CSV file; the folder's name if not given.")] = "",
) -> None:
    """Score a folder of label maps by a challenge's own rules.

    Files are paired by equal name, or else by the case ID they begin with (77 of 77_midRT_mask.nii.gz).
    """
    report = score_folder(challenge, predictions, references)
    if json is not None:
        _write(report, json)
    if csv is not None:
        write_scores(report, team or predictions.resolve().name, csv)
    _show(cases_table(report))
    _show(structures_table(report))
    for case in report.cases:
        for note in case.notes:
            typer.echo(f"Case {case.name}: {note}")
    for note in report.notes:
        typer.echo(note)
    typer.echo(f"{report.score_name}: {'undefined' if report.score is None else f'{report.score:.4f}'}")


def _write(report: ScoreReport, path: Path) -> None:
    try:
        path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The score must be written to {path}, but that failed: {error.strerror}.") from error


def _show(table: Table) -> None:
    if sys.stdout.isatty():
        rich.print(table.for_terminal())
    else:
        typer.echo(table.as_markdown() + "\n")
