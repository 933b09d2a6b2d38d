"""Tables of a rehearsal's result, as text."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.report import Metrics
from hnseg.evaluation.tables import Table, name_of
from hnseg.machine import in_gib
from hnseg.rehearsal.findings import Finding
from hnseg.rehearsal.judging.answers import in_short
from hnseg.rehearsal.results import CaseResult, Rehearsal

_SHORT = 32  # characters of a case's answers; longer ones are shown on the page only


def cases_table(rehearsal: Rehearsal) -> Table:
    """Return one row a case: verdict, time, part of the limit left, memory, score; answers where they are short."""
    cases = rehearsal.cases
    columns = {
        "case": [case.name for case in cases],
        "verdict": ["passed" if case.passed else "FAILED" for case in cases],
        "time": [f"{case.time_s:.1f} s" for case in cases],
        "time left": [f"{case.margin:.0%}" for case in cases],
        "peak RAM": [_peak_ram(case) for case in cases],
        **_optional_columns(cases),
    }
    return Table(headings=tuple(columns), rows=tuple(zip(*columns.values(), strict=True)), naming_columns=2)


def rules_summary(rehearsal: Rehearsal) -> str:
    """Return a line on the profile's rules: how many are imitated, and which are not, or more strictly."""
    names: dict[str, list[str]] = {"imitated": [], "stricter": [], "not imitated": []}
    for rule in rehearsal.limits:
        names[rule.rehearsed].append(rule.name)
    others = [f"{kind}: {', '.join(names[kind])}" for kind in ("stricter", "not imitated") if names[kind]]
    return "; ".join([f"Rules of the profile {rehearsal.profile}: {len(names['imitated'])} imitated", *others])


def findings_of(rehearsal: Rehearsal) -> list[tuple[str, Finding]]:
    """Return every finding with the name of its case, or with the word submission."""
    of_cases = [(case.name, finding) for case in rehearsal.cases for finding in case.findings]
    return [("submission", finding) for finding in rehearsal.findings] + of_cases


def first_metric(cases: Sequence[CaseResult]) -> str:
    """Return the name of the challenge's first metric; "" without a score."""
    structures = [metrics for case in cases for metrics in case.structures.values()]
    return next((name for metrics in structures for name in metrics), "")


def mean_over_structures(structures: dict[str, Metrics], metric: str) -> float | None:
    """Return the mean of a metric over the structures for which it is defined; None if for none."""
    values = [value for metrics in structures.values() if (value := metrics.get(metric)) is not None]
    return sum(values) / len(values) if values else None


def lowest(structures: dict[str, Metrics], metric: str, *, count: int = 3) -> list[str]:
    """Return the names of the structures with the lowest values of a metric, the lowest first."""
    known = {name: value for name, metrics in structures.items() if (value := metrics.get(metric)) is not None}
    return sorted(known, key=lambda name: known[name])[:count]


def _optional_columns(cases: Sequence[CaseResult]) -> dict[str, list[str]]:
    """Return the columns that only some rehearsals have, by their headings."""
    columns = {}
    if any(case.peak_vram_gib is not None for case in cases):
        columns["peak VRAM"] = [in_gib(case.peak_vram_gib) for case in cases]
    if metric := first_metric(cases):
        columns[f"mean {name_of(metric)}"] = [_mean(case, metric) for case in cases]
    answers = [_answers(case) for case in cases]
    if 0 < max(map(len, answers), default=0) <= _SHORT:
        columns["answers"] = [answer or "-" for answer in answers]
    return columns


def _peak_ram(case: CaseResult) -> str:
    return in_gib(case.peak_total_gib if case.peak_program_gib is None else case.peak_program_gib)


def _mean(case: CaseResult, metric: str) -> str:
    mean = mean_over_structures(case.structures, metric)
    return "-" if mean is None else f"{mean:.3f}"


def _answers(case: CaseResult) -> str:
    return ", ".join(in_short(answer.given) for answer in case.answers.values())
