"""Report of simulated users over cases: HN-UISeg's table, and autoPET's curves over the clicks.

A case that ends with fewer clicks than others, because nothing was left to click, keeps its last values. The means of
a structure are over the cases with it in the reference, the same after each click; that of false positives is over all
cases, as in autoPET, whose cases without a lesion have no other measure. HD, infinite where nothing is found, is over
those of these cases where it is finite; in a curve, after every click. The area under a curve is by trapezoids over the
clicks, divided by their number, so that it has the curve's own unit; autoPET IV takes DSC, false positive and false
negative volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from hnseg.errors import InputError
from hnseg.evaluation.clicks.record import (
    CLICKS_FILE,
    EACH_LESION_FILE,
    Simulation,
    Step,
    UserFacts,
    read_simulation,
)
from hnseg.evaluation.report import Metrics
from hnseg.evaluation.tables import Table, name_of
from hnseg.imaging.files.visible import visible_in
from hnseg.records import Frozen, MaybeNumber

MEASURES = ("dsc", "nsd", "hd_mm", "false_positive_ml", "false_negative_ml")
"""Measures of a structure in a label map."""
AUTOMATIC, EACH_LESION = "automatic", "each-lesion"
"""Rows of the table beside that after all clicks, which is named by their number."""

Curves = dict[str, dict[str, tuple[MaybeNumber, ...]]]
"""Mean of each measure after 0, 1, 2 and more clicks, by structure and measure."""


class ClickedCaseScore(Frozen):
    """Clicks of one case."""

    name: str
    clicks: int
    harmful_clicks: int
    ignored_clicks: int
    held_back_ml: float


class ClicksReport(Frozen):
    """Values of simulated users over cases."""

    challenge: str
    user: UserFacts
    table: dict[str, dict[str, Metrics]]
    """Means by row (`automatic`, `each-lesion`, `10 clicks`) and structure: `mean_` of each measure, `cases` with the
    structure in the reference, `cases_with_hd` of them; `other_cases` without it, and `other_cases_found` of them, in
    which it is found all the same."""
    curves: Curves
    cases_with: dict[str, int]
    """Number of cases with each structure in the reference."""
    cases_with_hd: dict[str, int]
    """Number of those with a finite HD after every click, over which the curve of the HD is."""
    areas: dict[str, Metrics]
    """Area under each curve, by structure."""
    cases: tuple[ClickedCaseScore, ...]
    clicks: int
    harmful_clicks: int
    """Clicks after which more is labelled wrongly than before."""
    ignored_clicks: int
    """Clicks that changed nothing."""


def clicks_report(challenge: str, folder: Path) -> ClicksReport:
    """Return the report of a folder that `hnseg simulate-clicks` wrote.

    Args:
        challenge: Name of the challenge.
        folder: Folder with a folder a case; those without a record, of cases that failed, are left out.

    Raises:
        InputError: There is no record, one can't be read, or two are of different users.
    """
    by_errors = _records(folder, CLICKS_FILE)
    if not by_errors:
        raise InputError(
            f"--clicks must be the output of hnseg simulate-clicks, but no folder in {folder} holds {CLICKS_FILE}."
            " Is it another folder, or has every case failed?"
        )
    user = _only_user(by_errors)
    records = list(by_errors.values())
    curves = _curves(records, user.most_clicks)
    cases = tuple(_case(name, record) for name, record in by_errors.items())
    return ClicksReport(
        challenge=challenge,
        user=user,
        table=_rows(records, list(_records(folder, EACH_LESION_FILE).values()), user.most_clicks),
        curves=curves,
        cases_with={name: len(_with_structure(records, name)) for name in curves},
        cases_with_hd={name: len(_with_hd(records, name)) for name in curves},
        areas={name: {measure: area_under(line) for measure, line in lines.items()} for name, lines in curves.items()},
        cases=cases,
        clicks=sum(case.clicks for case in cases),
        harmful_clicks=sum(case.harmful_clicks for case in cases),
        ignored_clicks=sum(case.ignored_clicks for case in cases),
    )


def area_under(curve: Sequence[MaybeNumber]) -> float:
    """Return the area under a curve by trapezoids, divided by its number of steps; NaN where a point is undefined.

    >>> round(area_under([0.5, 0.7, 0.7]), 3)
    0.65
    """
    values = [float("nan") if value is None else float(value) for value in curve]
    if len(values) == 1:
        return values[0]
    return sum((one + other) / 2 for one, other in pairwise(values)) / (len(values) - 1)


def clicks_table(report: ClicksReport) -> Table:
    """Return HN-UISeg's table: a row for each way of clicking and structure."""
    measures = ("DSC", "NSD", "HD, mm", "FP, ml", "FN, ml")
    headings = ("clicks", "structure", *measures, "cases", "with HD", "other cases", "found in them")
    rows = tuple(
        (row, name, *(_text(values[f"mean_{each}"], each) for each in MEASURES), *_counts(values))
        for row, structures in report.table.items()
        for name, values in structures.items()
    )
    return Table(headings, rows, naming_columns=2)


def curves_table(report: ClicksReport) -> Table:
    """Return the curves of DSC and volumes: a row for each structure and measure, a column for each click."""
    measures = ("dsc", "false_positive_ml", "false_negative_ml")
    rows = tuple(
        (
            name,
            name_of(measure),
            *(_text(value, measure) for value in lines[measure]),
            _text(report.areas[name][measure], measure),
        )
        for name, lines in report.curves.items()
        for measure in measures
    )
    columns = map(str, range(report.user.most_clicks + 1))
    return Table(("structure", "after clicks", *columns, "area"), rows, naming_columns=2)


def _records(folder: Path, name: str) -> dict[str, Simulation]:
    """Return the records of a folder of cases, by the case."""
    cases = [path for path in visible_in(folder) if (path / name).is_file()] if folder.is_dir() else []
    return {case.name: read_simulation(case / name) for case in cases}


def _rows(
    by_errors: Sequence[Simulation], by_lesions: Sequence[Simulation], most_clicks: int
) -> dict[str, dict[str, Metrics]]:
    """Return the means of each row of the table, that of one click in each lesion only where there are any."""
    rows = {AUTOMATIC: _means([each.steps[0] for each in by_errors])}
    if by_lesions:
        rows[EACH_LESION] = _means([each.steps[-1] for each in by_lesions])
    return {**rows, f"{most_clicks} clicks": _means([each.steps[-1] for each in by_errors])}


def _only_user(records: Mapping[str, Simulation]) -> UserFacts:
    first, *others = records
    for name in others:
        if records[name].user != records[first].user:
            raise InputError(
                f"All cases must be clicked in the same way, but {name} was not clicked as {first} was."
                " Are two runs in one folder?"
            )
    return records[first].user


def _case(name: str, record: Simulation) -> ClickedCaseScore:
    clicked = record.steps[1:]
    return ClickedCaseScore(
        name=name,
        clicks=len(clicked),
        harmful_clicks=sum(step.does_harm for step in clicked),
        ignored_clicks=sum(not step.changed_voxels for step in clicked),
        held_back_ml=sum(step.held_back_ml for step in clicked),
    )


def _curves(records: Sequence[Simulation], clicks: int) -> Curves:
    curves: Curves = {}
    for name in records[0].steps[0].structures:
        sets = {measure: _with_structure(records, name) for measure in MEASURES}
        sets |= {"false_positive_ml": list(records), "hd_mm": _with_hd(records, name)}
        curves[name] = {
            measure: tuple(
                _mean([_at(each, click).structures[name] for each in sets[measure]], measure)
                for click in range(clicks + 1)
            )
            for measure in MEASURES
        }
    return curves


def _at(record: Simulation, click: int) -> Step:
    """Return the step after a click, or the last one where a case has fewer."""
    return record.steps[min(click, len(record.steps) - 1)]


def _with_structure(records: Sequence[Simulation], name: str) -> list[Simulation]:
    """Return the cases with a structure in the reference, which each of their steps tells."""
    return [each for each in records if each.steps[0].is_in_reference(name)]


def _with_hd(records: Sequence[Simulation], name: str) -> list[Simulation]:
    """Return the cases with a structure in the reference in which its HD is finite after every click."""
    return [
        each
        for each in _with_structure(records, name)
        if all(step.structures[name]["hd_mm"] is not None for step in each.steps)
    ]


def _means(steps: Sequence[Step]) -> dict[str, Metrics]:
    """Return the means of each structure over cases, and how many cases they are over."""
    means: dict[str, Metrics] = {}
    for name in steps[0].structures:
        inside = [step.structures[name] for step in steps if step.is_in_reference(name)]
        others = [step for step in steps if not step.is_in_reference(name)]
        everywhere = [step.structures[name] for step in steps]
        means[name] = {
            **{f"mean_{measure}": _mean(inside, measure) for measure in MEASURES},
            "mean_false_positive_ml": _mean(everywhere, "false_positive_ml"),
            "cases": len(inside),
            "cases_with_hd": sum(row["hd_mm"] is not None for row in inside),
            "other_cases": len(others),
            "other_cases_found": sum(step.is_found(name) for step in others),
        }
    return means


def _mean(rows: Sequence[Metrics], measure: str) -> float:
    """Return the mean of a measure over the cases where it is finite; NaN where it is in none."""
    values = np.array([row[measure] for row in rows], np.float64)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _counts(values: Metrics) -> tuple[str, ...]:
    return tuple(str(values[key]) for key in ("cases", "cases_with_hd", "other_cases", "other_cases_found"))


def _text(value: MaybeNumber, measure: str) -> str:
    """Return a value as the tables show it, with as many digits as its unit deserves."""
    if value is None:
        return "undefined"
    if measure in ("dsc", "nsd"):
        return f"{value:.3f}"
    return f"{value:.1f}" if measure == "hd_mm" else f"{value:.2f}"
