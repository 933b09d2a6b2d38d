"""Score of the corrections by a simulated user, for `hnseg score CHALLENGE --clicks DIR`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import typer

from hnseg.cli.printing import show_table
from hnseg.discovery import challenge_module
from hnseg.errors import InputError
from hnseg.evaluation.clicks.picture import draw_curves
from hnseg.evaluation.clicks.record import CLICKS_FILE, EACH_LESION_FILE
from hnseg.evaluation.clicks.report import ClicksReport, clicks_table, curves_table
from hnseg.evaluation.picture_file import FORMATS
from hnseg.evaluation.scoring import CHALLENGES
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.imaging.files.visible import is_visible


def score_clicks(challenge: str, folder: Path, *, json: Path | None, table: Path | None, plot: Path | None) -> None:
    """Print the table and the curves, and write what was asked for.

    Args:
        challenge: Name of the challenge.
        folder: Output of `hnseg simulate-clicks`.
        json: File for all values; None for none.
        table: CSV file for the means; None for none.
        plot: Picture of the curves; None for none.

    Raises:
        InputError: The challenge has no clicks, or the folder can't be scored.
        OutputError: A file can't be written.
    """
    module = challenge_module(CHALLENGES, challenge)
    if not hasattr(module, "score_clicks"):
        raise InputError(
            f"--clicks must be of a challenge whose cases are corrected by clicks, but {challenge} has none."
        )
    outputs = [
        Output("--json", json, f"The score must be written to {json}"),
        Output("--table", table, f"The table must be written to {table}"),
        Output("--plot", plot, f"The picture must be written to {plot}", FORMATS),
    ]
    names = (CLICKS_FILE, EACH_LESION_FILE)
    records = [path for name in names for path in folder.glob(f"*/{name}") if is_visible(path.parent.name)]
    with output_files(*outputs, inputs=records) as files:
        report: ClicksReport = module.score_clicks(folder)
        as_json = report.model_dump_json(indent=2) + "\n"
        files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
        files.write("--table", lambda path: path.write_text(_csv(report), encoding="utf-8"))
        files.write("--plot", lambda path: draw_curves(report, path))
    _print(report)


def _csv(report: ClicksReport) -> str:
    """Return the means as CSV text, one row a way of clicking and structure; an undefined value is empty."""
    rows = [
        {"clicks": row, "structure": name, **values}
        for row, structures in report.table.items()
        for name, values in structures.items()
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _print(report: ClicksReport) -> None:
    show_table(clicks_table(report))
    show_table(curves_table(report))
    held_back_ml = sum(case.held_back_ml for case in report.cases)
    typer.echo(
        f"{report.clicks} clicks in {len(report.cases)} cases: {report.harmful_clicks} did harm,"
        f" {report.ignored_clicks} changed nothing; {held_back_ml:.1f} ml were held back."
        " A structure's means are over the cases with it in the reference, that of false positives is over all."
    )
