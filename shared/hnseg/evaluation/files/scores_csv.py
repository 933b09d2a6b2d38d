"""Scores as a CSV file of one value a row, which `hnseg rank` reads: team, case, structure, metric, value.

Of a report, it holds what methods are compared by: DSC as a fraction, HD95 in mm. A value that is not defined is left
empty, and an infinite one, the HD95 of an empty prediction, is `inf`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hnseg.errors import InputError, OutputError
from hnseg.evaluation.ranking.scores_file import COLUMNS
from hnseg.evaluation.report import ScoreReport

METRICS = {"dsc": "DSC", "hd95_mm": "HD95"}

Row = tuple[str, ...]


def write_scores(report: ScoreReport, team: str, path: Path) -> None:
    """Put a team's scores into a file, beside those of other teams that are there already.

    Args:
        report: The team's.
        team: Its name; rows that it has in the file are replaced.
        path: Made if it does not exist.

    Raises:
        InputError: The file is there and holds something else.
        OutputError: It can't be written.
    """
    others = [row for row in _rows_in(path) if row[0] != team]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *others, *rows_of(report, team)])
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The scores must be written to {path}, but that failed: {error.strerror}.") from error


def structures_csv(report: ScoreReport) -> str:
    """Return the values of each structure over all cases as CSV: a row a structure, and one over all where there is.

    Values are as in the report, fractions as fractions; one that is not defined is empty.
    """
    rows = {**report.structures, **({"all": report.overall} if report.overall else {})}
    metrics = list(dict.fromkeys(metric for values in rows.values() for metric in values))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["structure", *metrics], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"structure": name, **values} for name, values in rows.items())
    return text.getvalue()


def rows_of(report: ScoreReport, team: str) -> list[Row]:
    """Return a row for each metric of each structure of each case."""
    return [
        (team, case.name, structure, METRICS[metric], "" if value is None else str(value))
        for case in report.cases
        for structure, metrics in case.structures.items()
        for metric, value in metrics.items()
        if metric in METRICS
    ]


def _rows_in(path: Path) -> list[Row]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = [tuple(row) for row in csv.reader(file) if row] or [()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The file to add scores to must be a readable CSV, but {path} is not: {error}.") from error
    if heading != COLUMNS:
        raise InputError(
            f"A file to add scores to must have the columns {','.join(COLUMNS)}, but the first line of {path} is"
            f" {','.join(heading)[:80]!r}. Is it another file?"
        )
    return rows
