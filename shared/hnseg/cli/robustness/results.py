"""Results of a study of robustness on the terminal, and in the files that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from hnseg.cli.printing import show_table
from hnseg.imaging.files.output_files import OutputFiles
from hnseg.robustness.report.page import Pictures, write_report
from hnseg.robustness.results.summary import RobustnessSummary, summarise
from hnseg.robustness.results.tables import baseline_table, cells_table, correlations_table, explanation
from hnseg.robustness.scores.record import ScoreRecord


def show_results(
    records: Sequence[ScoreRecord], files: OutputFiles, report: Path | None, *, pictures: Pictures | None = None
) -> None:
    """Print the tables of a study, and write `--json` and the report where they were asked for.

    Args:
        records: Scores of the study.
        files: Output files, of which `--json` is one.
        report: Folder of the report; None for none.
        pictures: Pictures for the worst cases; None for none.

    Raises:
        InputError: The scores are none of a study.
        OutputError: A file can't be written.
    """
    summary = summarise(records)
    as_json = summary.model_dump_json(indent=2) + "\n"
    files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
    page = None if report is None else write_report(summary, records, report, pictures=pictures)
    _print(summary)
    if page is not None:
        typer.echo(f"Report: {page}")


def _print(summary: RobustnessSummary) -> None:
    show_table(baseline_table(summary))
    show_table(cells_table(summary))
    strongest = correlations_table(summary)
    if strongest.rows:
        show_table(strongest)
    for line in explanation(summary):
        typer.echo(line)
