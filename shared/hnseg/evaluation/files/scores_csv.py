"""CSV files of scores: one value a row for `hnseg rank`, and one structure a row for a spreadsheet.

Only the metrics that methods are compared by go into the file for `hnseg rank`: DSC as a fraction, HD95 in mm. An
undefined value is left empty, and an infinite one, the HD95 of an empty prediction, is `inf`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import read_csv
from hnseg.evaluation.report import ScoreReport

COLUMNS = ("team", "case", "structure", "metric", "value")
"""Columns of the file for `hnseg rank`."""

METRICS = {"dsc": "DSC", "hd95_mm": "HD95"}
"""Names of metrics in that file, by their keys in a score report."""

Row = tuple[str, ...]
"""Cells of one row, in the order of `COLUMNS`."""


def scores_csv(report: ScoreReport, team: str, *, others_in: Path) -> str:
    """Return a team's scores as CSV text, below the scores of the other teams in a file.

    Args:
        report: The team's score report.
        team: The team's name; its rows that are already in the file are left out.
        others_in: CSV file with the scores of other teams; it need not exist.

    Raises:
        InputError: The file exists and is no file of scores.
    """
    others = [row for row in rows_in(others_in) if row[0] != team]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *others, *rows_of(report, team)])
    return text.getvalue()


def structures_csv(report: ScoreReport) -> str:
    """Return the values over all cases as CSV text, one row a structure.

    The last row, `all`, has the values over all structures; it is missing where the report has none. Values are as in
    the report, fractions as fractions; an undefined one is empty.

    >>> from hnseg.evaluation.report import ScoreReport
    >>> structures = {"GTVp": {"mean_dsc": 0.75, "cases": 4}, "GTVn": {"mean_dsc": None, "cases": 0}}
    >>> report = ScoreReport(challenge="c", score=None, score_name="DSC", structures=structures, cases=())
    >>> print(structures_csv(report), end="")
    structure,mean_dsc,cases
    GTVp,0.75,4
    GTVn,,0
    """
    rows = {**report.structures, **({"all": report.overall} if report.overall else {})}
    metrics = list(dict.fromkeys(metric for values in rows.values() for metric in values))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["structure", *metrics], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"structure": name, **values} for name, values in rows.items())
    return text.getvalue()


def rows_of(report: ScoreReport, team: str) -> list[Row]:
    """Return a row for each metric of each structure of each case.

    >>> from hnseg.evaluation.report import CaseScore, ScoreReport
    >>> case = CaseScore(name="a", structures={"Brainstem": {"dsc": 0.5, "hd95_mm": float("inf")}})
    >>> report = ScoreReport(challenge="han_seg", score=0.5, score_name="mean DSC", structures={}, cases=(case,))
    >>> rows_of(report, "A")
    [('A', 'a', 'Brainstem', 'DSC', '0.5'), ('A', 'a', 'Brainstem', 'HD95', 'inf')]
    """
    return [
        (team, case.name, structure, METRICS[metric], "" if value is None else str(value))
        for case in report.cases
        for structure, metrics in case.structures.items()
        for metric, value in metrics.items()
        if metric in METRICS
    ]


def rows_in(path: Path) -> list[Row]:
    """Return the rows of a file that scores are to be added to; no row where there is no file, or a device.

    Raises:
        InputError: The file is no file of scores, which adding to it would destroy.
    """
    if not path.is_file():
        return []
    table = read_csv(path, subject="The file to add scores to")
    if table.columns != COLUMNS:
        raise InputError(
            f"A file to add scores to must have the columns {','.join(COLUMNS)}, but the first line of {path} is"
            f" {','.join(table.columns)[:80]!r}. Is it another file?"
        )
    return [tuple(row.cells[column] for column in COLUMNS) for row in table.rows]
