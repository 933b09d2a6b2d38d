"""Score files of all teams: CSV with the columns team, case, structure, metric and value, one value a row.

A value that is empty, NaN or infinite stands for a missing one. Other columns are ignored, and rows may come in any
order. `hnseg score --csv` writes such files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.cells import cause_of, number_in
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_csv
from hnseg.evaluation.files.scores_csv import COLUMNS
from hnseg.evaluation.ranking.methods import Metric


@dataclass(frozen=True)
class Score:
    """Value of one metric for one structure of one case by one team.

    Attributes:
        team: Name of the team.
        case: Name of the case.
        structure: Name of the structure.
        metric: The metric.
        value: Its value in the metric's unit; NaN where there is none.
    """

    team: str
    case: str
    structure: str
    metric: Metric
    value: float


def read_scores(path: Path, metrics: Sequence[Metric]) -> list[Score]:
    r"""Read a score file.

    Args:
        path: The CSV file.
        metrics: Metrics that a row may have.

    Returns:
        One score a row, in the order of the file; at least one.

    Raises:
        InputError: The file is missing, is no such CSV or has no row; or a row is incomplete, out of range or repeated.

    >>> from tempfile import TemporaryDirectory
    >>> from hnseg.evaluation.ranking.methods import DSC, HD95
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     _ = path.write_text("team,case,structure,metric,value\nA,a,Lips,DSC,0.5\nA,a,Lips,HD95,inf\n")
    ...     scores = read_scores(path, (DSC, HD95))
    >>> [(score.metric.name, score.value) for score in scores]
    [('DSC', 0.5), ('HD95', nan)]
    """
    scores: list[Score] = []
    line_of: dict[tuple[str, ...], int] = {}
    for row in _read_rows(path):
        score = _score(row, metrics, where=f"line {row.line} of {path}")
        key = (score.team, score.case, score.structure, score.metric.name)
        if key in line_of:
            raise InputError(
                f"A team must have one {score.metric.name} for a structure of a case, but line {row.line} of {path}"
                f" gives {_described(score)} again, after line {line_of[key]}. Was a file appended twice?"
            )
        line_of[key] = row.line
        scores.append(score)
    if not scores:
        raise InputError(f"A score file must have rows, but {path} has none below its heading.")
    return scores


def _read_rows(path: Path) -> tuple[CsvRow, ...]:
    table = read_csv(path, subject="The scores")
    _check_columns(table, path)
    return table.rows


def _check_columns(table: CsvTable, path: Path) -> None:
    missing = [column for column in COLUMNS if not table.is_single(column)]
    if missing:
        raise InputError(
            f"The first line of a score file must name the columns {', '.join(COLUMNS)} once each, but in {path} it"
            f" does not do so for {', '.join(missing)}: found {','.join(table.columns)[:80]!r}."
            " Is the heading missing, or another separator used?"
        )


def _score(row: CsvRow, metrics: Sequence[Metric], *, where: str) -> Score:
    cells = row.cells
    unnamed = [column for column in COLUMNS[:-1] if not cells[column]]
    if unnamed:
        raise InputError(f"Each row must say its {', '.join(COLUMNS[:-1])}, but {where} has no {', '.join(unnamed)}.")
    metric = next((metric for metric in metrics if cells["metric"].lower() in metric.spellings), None)
    if metric is None:
        raise InputError(
            f"A metric must be one of {', '.join(metric.name for metric in metrics)}, but {where} has"
            f" {cells['metric']!r}."
        )
    value = _number(cells["value"], metric, where=where)
    return Score(cells["team"], cells["case"], cells["structure"], metric, value)


def _number(text: str, metric: Metric, *, where: str) -> float:
    value = number_in(text or "nan")
    if value is None:
        raise InputError(
            f"A value must be a number, or empty, NaN or inf where there is none, but {where} has {text!r}."
            f"{cause_of(text)}"
        )
    if math.isnan(value) or value == math.inf:
        return math.nan
    if not 0 <= value <= metric.largest:
        bounds = "0 or more" if math.isinf(metric.largest) else f"from 0 to {metric.largest:g}"
        raise InputError(
            f"{metric.title} must be {bounds}, but {where} has {text}. Are these percent, or another metric?"
        )
    return value


def _described(score: Score) -> str:
    return f"{score.metric.name} of {score.structure} in {score.case} by {score.team}"
