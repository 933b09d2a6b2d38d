"""Tables of a rehearsal's result, as text."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.evaluation.report import Metrics
from hnseg.evaluation.tables import Table
from hnseg.rehearsal.findings import Finding
from hnseg.rehearsal.judging.answers import in_short
from hnseg.rehearsal.results import CaseResult, Rehearsal

_SHORT = 32  # characters of a case's answers; longer ones are shown on the page only


def cases_table(rehearsal: Rehearsal) -> Table:
    """Return one row a case: verdict, time, part of the limit left, memory, score; answers where they are short."""
    metric = first_metric(rehearsal.cases)
    has_vram = any(case.peak_vram_gib is not None for case in rehearsal.cases)
    headings = ["case", "verdict", "time", "time left", "peak RAM"]
    rows = [_row(case) for case in rehearsal.cases]
    if has_vram:
        headings.append("peak VRAM")
        rows = [(*row, in_gib(case.peak_vram_gib)) for row, case in zip(rows, rehearsal.cases, strict=True)]
    if metric:
        headings.append(f"mean {metric}")
        means = [mean_over_structures(case.structures, metric) for case in rehearsal.cases]
        rows = [(*row, "-" if mean is None else f"{mean:.3f}") for row, mean in zip(rows, means, strict=True)]
    answers = [", ".join(in_short(answer.given) for answer in case.answers.values()) for case in rehearsal.cases]
    if any(answers) and max(map(len, answers)) <= _SHORT:
        headings.append("answers")
        rows = [(*row, shown or "-") for row, shown in zip(rows, answers, strict=True)]
    return Table(headings=tuple(headings), rows=tuple(rows), naming_columns=2)


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


def in_gib(value: float | None) -> str:
    """Return an amount of memory as text, in GiB or MiB; a dash for None."""
    if value is None:
        return "-"
    return f"{value:.2f} GiB" if value >= 0.1 else f"{value * 1024:.0f} MiB"


def _row(case: CaseResult) -> tuple[str, ...]:
    ram_gib = case.peak_total_gib if case.peak_program_gib is None else case.peak_program_gib
    verdict = "passed" if case.passed else "FAILED"
    return (case.name, verdict, f"{case.time_s:.1f} s", f"{case.margin:.0%}", in_gib(ram_gib))
