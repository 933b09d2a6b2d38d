"""Command `hnseg robustness`: what perturbed images cost a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.printing import show_table
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.robustness.report.page import write_report
from hnseg.robustness.results.summary import summarise
from hnseg.robustness.results.tables import baseline_table, cells_table, correlations_table, explanation
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
        records = read_scores(scores)
        summary = summarise(records)
        as_json = summary.model_dump_json(indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
        page = None if report is None else write_report(summary, records, report)
    show_table(baseline_table(summary))
    show_table(cells_table(summary))
    if any(one.is_significant for one in summary.correlations):
        show_table(correlations_table(summary))
    for line in explanation(summary):
        typer.echo(line)
    if page is not None:
        typer.echo(f"Report: {page}")
