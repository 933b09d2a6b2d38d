"""Agreement of the grades that observers gave, on the terminal and in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from hnseg.cli.printing import show_table
from hnseg.evaluation.picture_file import FORMATS
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.robustness.grading.grades_csv import read_grades
from hnseg.robustness.grading.key_csv import read_key
from hnseg.robustness.grading.measures_csv import read_measures
from hnseg.robustness.grading.picture import draw_flows
from hnseg.robustness.grading.summary import GradingSummary, summarise_grades
from hnseg.robustness.grading.tables import kappa_table, measures_table, shares_table


@dataclass(frozen=True)
class GradeFiles:
    """Files that are read and written.

    Attributes:
        grades: Grades of the observers.
        scores: Measures of the same cases; None for none.
        key: Key of the sheet; None where the grades name the cases.
        json: File for all results; None for none.
        plot: Picture of the flows; None for none.
    """

    grades: Sequence[Path]
    scores: Path | None
    key: Path | None
    json: Path | None
    plot: Path | None


def show_agreement(paths: GradeFiles, *, draws: int, seed: int) -> None:
    """Print the tables of a grading, and write what was asked for.

    Args:
        paths: Files to read and write.
        draws: Number of draws of the bootstrap.
        seed: Seed of the draws.

    Raises:
        InputError: A file can't be read, or makes no sense.
        OutputError: A file can't be written.
    """
    outputs = [
        Output("--json", paths.json, f"The results must be written to {paths.json}"),
        Output("--plot", paths.plot, f"The picture must be written to {paths.plot}", FORMATS),
    ]
    inputs = [*paths.grades, *(path for path in (paths.scores, paths.key) if path is not None)]
    with output_files(*outputs, inputs=inputs) as files:
        grades = read_grades(paths.grades, key=None if paths.key is None else read_key(paths.key))
        measures = None if paths.scores is None else read_measures(paths.scores)
        summary = summarise_grades(grades, measures, draws=draws, seed=seed)
        as_json = summary.model_dump_json(indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
        files.write("--plot", lambda path: draw_flows(summary.flows, path))
    _print(summary)


def _print(summary: GradingSummary) -> None:
    for table in (shares_table(summary), kappa_table(summary), measures_table(summary)):
        if table.rows:
            show_table(table)
    typer.echo(
        "Usable: grade 3 or more. Kappa: quadratic weights on five fixed grades. 95 %:"
        f" {summary.bootstrap.draws} draws of the cases."
    )
