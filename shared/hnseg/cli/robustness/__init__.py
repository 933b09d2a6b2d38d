"""Command `hnseg robustness`: what perturbed images cost a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.robustness.results import show_results
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.robustness.scores.scores_csv import COLUMNS, read_scores


def command(
    scores: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help=f"CSV of scores with the columns {', '.join(COLUMNS)}; the baseline has the kind none, the severity 0"
            " and no modality. Further columns of numbers are measures or descriptors of the reference.",
        ),
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all results to this file.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a page with plots, and its numbers, to this folder.")
    ] = None,
) -> None:
    """Compare the scores of perturbed cases with those of the cases as they are.

    Median loss of Dice, complete failures, Wilcoxon's test with Benjamini-Hochberg, and what correlates with the loss.
    """
    with output_files(Output("--json", json, f"The results must be written to {json}"), inputs=[scores]) as files:
        show_results(read_scores(scores), files, report)
