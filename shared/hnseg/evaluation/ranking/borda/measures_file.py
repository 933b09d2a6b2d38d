"""Numbers that Borda counts rank by, read from files: a score report (JSON) a team, or one CSV of all teams.

A report is a file of `hnseg score --json`, and the team's name is the file's name without its suffix. The CSV has the
columns team, metric and value; a metric is named as in a report, such as GTVp.mean_dsc.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.evaluation.files.cells import cause_of, number_in
from hnseg.evaluation.files.csv_rows import CsvRow, read_csv
from hnseg.evaluation.ranking.borda.counts import BordaMethod, Measure
from hnseg.evaluation.report import ScoreReport

COLUMNS = ("team", "metric", "value")

TeamValues = dict[str, dict[str, float]]
"""Values by team and then by the measure's name."""


@dataclass(frozen=True)
class Measures:
    """Numbers of the m teams of a ranking.

    Attributes:
        teams: Names of the teams, sorted, so that the order of files changes nothing.
        values: Values of each measure by its name, (m,); finite.
    """

    teams: tuple[str, ...]
    values: dict[str, tuple[float, ...]]


def read_measures(paths: Sequence[Path], method: BordaMethod) -> Measures:
    """Read the measures that a method ranks by.

    Args:
        paths: One JSON file a team, or one CSV.
        method: Measures to read, and the challenge and edition of the score reports.

    Raises:
        InputError: A file can't be read, comes from another challenge, edition or set of cases; a team lacks a measure,
            or there is one team only.
    """
    is_csv = len(paths) == 1 and paths[0].suffix.lower() != ".json"
    by_team = _from_csv(paths[0]) if is_csv else _from_reports(paths, method)
    if len(by_team) < 2:
        raise InputError(f"A ranking must have two teams or more, but the scores have only {', '.join(by_team)}.")
    _check_complete(by_team, method)
    teams = tuple(sorted(by_team))
    return Measures(teams, {m.name: tuple(by_team[team][m.name] for team in teams) for m in method.measures})


def _check_complete(by_team: TeamValues, method: BordaMethod) -> None:
    lacking = [
        f"{team} has no {measure.name}"
        for team in sorted(by_team)
        for measure in method.measures
        if not math.isfinite(by_team[team].get(measure.name, math.nan))
    ]
    if lacking:
        raise InputError(
            f"Every team must have a value of {', '.join(measure.name for measure in method.measures)}, but"
            f" {'; '.join(lacking)}. Is it undefined in the score, or a name spelt in two ways?"
        )


def _from_reports(paths: Sequence[Path], method: BordaMethod) -> TeamValues:
    reports: dict[str, ScoreReport] = {}
    for path in paths:
        if path.stem in reports:
            raise InputError(f"Each team's file must have a name of its own, but two are called {path.name}.")
        reports[path.stem] = _read_report(path, method)
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


def _read_report(path: Path, method: BordaMethod) -> ScoreReport:
    try:
        report = ScoreReport.model_validate_json(read_bounded(path, most_mib=256))
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


def _from_csv(path: Path) -> TeamValues:
    by_team: TeamValues = {}
    for row in _read_rows(path):
        team, metric, value = (row.cells[column] for column in COLUMNS)
        if not team:
            raise InputError(f"Each row must name its team, but line {row.line} of {path} has none.")
        values = by_team.setdefault(team, {})
        if metric in values:
            raise InputError(f"A team must have one {metric}, but line {row.line} of {path} gives {team}'s again.")
        values[metric] = _number(value, f"line {row.line} of {path}")
    if not by_team:
        raise InputError(f"A score file must have rows, but {path} has none below its heading.")
    return by_team


def _read_rows(path: Path) -> tuple[CsvRow, ...]:
    table = read_csv(path, subject="The scores")
    if not all(map(table.is_single, COLUMNS)):
        raise InputError(
            f"The first line of such a score file must name the columns {', '.join(COLUMNS)} once each, but that of"
            f" {path} is {','.join(table.columns)[:80]!r}."
        )
    return table.rows


def _number(text: str, where: str) -> float:
    value = number_in(text or "nan")
    if value is None:
        raise InputError(f"A value must be a number, but {where} has {text!r}.{cause_of(text)}")
    return value
