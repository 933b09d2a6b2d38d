"""Reads score files: CSV with a heading and the columns team, case, structure, metric and value, one value a row.

A value that is empty, NaN or infinite says that there is none. Other columns are left alone, and rows may come in any
order.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.ranking.methods import Metric

COLUMNS = ("team", "case", "structure", "metric", "value")


@dataclass(frozen=True)
class Score:
    """A row: the value of one metric for one structure of one case by one team; NaN where there is none."""

    team: str
    case: str
    structure: str
    metric: Metric
    value: float


def read_scores(path: Path, metrics: Sequence[Metric]) -> list[Score]:
    """Return a file's rows.

    Raises:
        InputError: The file is missing, is no such CSV, or one of its rows is wrong or comes twice.
    """
    scores: list[Score] = []
    line_of: dict[tuple[str, ...], int] = {}
    for line, row in _rows(path):
        score = _score(row, metrics, where=f"line {line} of {path}")
        key = (score.team, score.case, score.structure, score.metric.name)
        if key in line_of:
            raise InputError(
                f"A team must have one {score.metric.name} for a structure of a case, but line {line} of {path} gives"
                f" {_described(score)} again, after line {line_of[key]}. Was a file appended twice?"
            )
        line_of[key] = line
        scores.append(score)
    if not scores:
        raise InputError(f"A score file must have rows, but {path} has none below its heading.")
    return scores


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row's line number and its cells by column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            headings = [heading.strip() for heading in reader.fieldnames or ()]
            _refuse_headings(headings, path)
            reader.fieldnames = headings
            for row in reader:
                yield reader.line_num, {column: row[column].strip() for column in COLUMNS}
    except OSError as error:
        raise InputError(f"The scores must be a readable file, but {path} is not: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The scores must be a CSV file in UTF-8, but {path} can't be read as one ({error}). Is it a spreadsheet?"
        ) from error


def _refuse_headings(headings: list[str], path: Path) -> None:
    missing = [column for column in COLUMNS if headings.count(column) != 1]
    if missing:
        raise InputError(
            f"The first line of a score file must name the columns {', '.join(COLUMNS)} once each, but in {path} it"
            f" does not do so for {', '.join(missing)}: found {','.join(headings)[:80]!r}."
            " Is the heading missing, or another separator used?"
        )


def _score(row: dict[str, str], metrics: Sequence[Metric], *, where: str) -> Score:
    unnamed = [column for column in COLUMNS[:-1] if not row[column]]
    if unnamed:
        raise InputError(f"Each row must say its {', '.join(COLUMNS[:-1])}, but {where} has no {', '.join(unnamed)}.")
    metric = next((metric for metric in metrics if row["metric"].lower() in metric.spellings), None)
    if metric is None:
        raise InputError(
            f"A metric must be one of {', '.join(metric.name for metric in metrics)}, but {where} has"
            f" {row['metric']!r}."
        )
    value = _number(row["value"], metric, where=where)
    return Score(row["team"], row["case"], row["structure"], metric, value)


def _number(text: str, metric: Metric, *, where: str) -> float:
    try:
        value = float(text or "nan")
    except ValueError:
        raise InputError(
            f"A value must be a number, or empty, NaN or inf where there is none, but {where} has {text!r}."
        ) from None
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
