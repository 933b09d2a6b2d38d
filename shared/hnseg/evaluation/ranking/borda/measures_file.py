"""Reads the numbers that teams are ranked by: a score report (JSON) a team, or one CSV of all teams.

A report is what `hnseg score --json` writes, and the team's name is the file's without its suffix. The CSV has a
heading and the columns team, metric and value; a metric is named as in a report, such as GTVp.mean_dsc.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.evaluation.ranking.borda.counts import BordaMethod, Measure
from hnseg.evaluation.report import ScoreReport

COLUMNS = ("team", "metric", "value")

Rows = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Measures:
    """The m teams' numbers.

    Attributes:
        teams: Sorted, so that the order of files changes nothing.
        values: By the measure's name, (m,); finite.
    """

    teams: tuple[str, ...]
    values: dict[str, tuple[float, ...]]


def read_measures(paths: Sequence[Path], method: BordaMethod) -> Measures:
    """Read the measures that a method ranks by.

    Args:
        paths: One JSON file a team, or one CSV.
        method: Which measures, of whose score reports.

    Raises:
        InputError: A file can't be read, comes from another challenge, edition or set of cases; a team lacks a measure,
            or there is one team only.
    """
    of_teams = _of_csv(paths[0]) if len(paths) == 1 and paths[0].suffix == ".csv" else _of_reports(paths, method)
    if len(of_teams) < 2:
        raise InputError(f"A ranking must have two teams or more, but the scores have only {', '.join(of_teams)}.")
    teams = tuple(sorted(of_teams))
    lacking = [
        f"{team} has no {measure.name}"
        for team in teams
        for measure in method.measures
        if not math.isfinite(of_teams[team].get(measure.name, math.nan))
    ]
    if lacking:
        raise InputError(
            f"Every team must have a value of {', '.join(measure.name for measure in method.measures)}, but"
            f" {'; '.join(lacking)}. Is it undefined in the score, or a name spelt in two ways?"
        )
    return Measures(teams, {m.name: tuple(of_teams[team][m.name] for team in teams) for m in method.measures})


def _of_reports(paths: Sequence[Path], method: BordaMethod) -> Rows:
    reports: dict[str, ScoreReport] = {}
    for path in paths:
        if path.stem in reports:
            raise InputError(f"Each team's file must have a name of its own, but two are called {path.name}.")
        reports[path.stem] = _report(path, method)
    first_team, first = next(iter(reports.items()))
    for team, report in reports.items():
        if [case.name for case in report.cases] != [case.name for case in first.cases]:
            raise InputError(
                f"All teams must be scored on the same cases, but {team} has others than {first_team}."
                " Were cases left out of one score?"
            )
        if report.options != first.options:
            raise InputError(
                f"All teams must be scored by the same options, but {team} has {report.options} and {first_team} has"
                f" {first.options}."
            )
    return {
        team: {measure.name: _value(report, measure) for measure in method.measures} for team, report in reports.items()
    }


def _value(report: ScoreReport, measure: Measure) -> float:
    value = report.structures.get(measure.structure, {}).get(measure.metric)
    return math.nan if value is None else float(value)


def _report(path: Path, method: BordaMethod) -> ScoreReport:
    try:
        report = ScoreReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"The scores must be readable files, but {path} is not: {error.strerror}.") from error
    except ValidationError as error:
        raise InputError(
            f"The scores must be files of hnseg score --json, one a team, or one .csv, but {path} is not."
        ) from error
    found = report.challenge, report.options.get("edition", "")
    if found != (method.challenge, method.edition):
        raise InputError(
            f"{method.name} must rank scores of {method.challenge} {method.edition}, but {path} has those of"
            f" {' '.join(found).strip()}. Was it scored with another --edition?"
        )
    return report


def _of_csv(path: Path) -> Rows:
    rows: Rows = {}
    for line, (team, metric, value) in _cells(path):
        if not team:
            raise InputError(f"Each row must name its team, but line {line} of {path} has none.")
        of_team = rows.setdefault(team, {})
        if metric in of_team:
            raise InputError(f"A team must have one {metric}, but line {line} of {path} gives {team}'s again.")
        of_team[metric] = _number(value, f"line {line} of {path}")
    if not rows:
        raise InputError(f"A score file must have rows, but {path} has none below its heading.")
    return rows


def _cells(path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield each row's line number and its team, metric and value."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            headings = [heading.strip() for heading in reader.fieldnames or ()]
            if any(headings.count(column) != 1 for column in COLUMNS):
                raise InputError(
                    f"The first line of such a score file must name the columns {', '.join(COLUMNS)} once each, but"
                    f" that of {path} is {','.join(headings)[:80]!r}."
                )
            reader.fieldnames = headings
            for row in reader:
                yield reader.line_num, (row["team"].strip(), row["metric"].strip(), row["value"].strip())
    except OSError as error:
        raise InputError(f"The scores must be a readable file, but {path} is not: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The scores must be a CSV file in UTF-8, but {path} can't be read as one ({error})."
        ) from error


def _number(text: str, where: str) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        raise InputError(f"A value must be a number, but {where} has {text!r}.") from None
