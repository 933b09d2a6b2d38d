"""Differences of two methods over the same patients, with their tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from hnseg.evaluation.recurrence.intervals import interval_of
from hnseg.evaluation.recurrence.patient_score import hits_of
from hnseg.evaluation.recurrence.summary import RULES, Array, mean_of, values_of
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.statistics.contingency import fisher_exact_p, mcnemar_exact_p
from hnseg.evaluation.statistics.paired_t import paired_t_p
from hnseg.evaluation.statistics.signed_rank import signed_rank_test
from hnseg.records import Frozen, MaybeNumber

MEASURES = ("dsc", "prediction_cc")
"""Measures whose differences are tested."""

Unit = Literal["patients", "origins"]
"""What is counted: patients with a captured origin, or origins."""


class Difference(Frozen):
    """Difference of a measure, the first method's less the other's, over patients for whom both are defined."""

    first: str
    other: str
    measure: str
    patients: int
    mean: MaybeNumber
    low: MaybeNumber
    high: MaybeNumber
    paired_t_p: MaybeNumber
    wilcoxon_p: MaybeNumber


class CaptureTest(Frozen):
    """Captured origins of two methods, by a rule of where a recurrence began."""

    first: str
    other: str
    rule: str
    unit: Unit
    first_captured: int
    other_captured: int
    of: int
    fisher_p: MaybeNumber
    mcnemar_p: MaybeNumber


def differences_between(first: tuple[str, ScoreReport], other: tuple[str, ScoreReport]) -> list[Difference]:
    """Return the differences of Dice and of the predicted volume.

    Args:
        first: Name and score of the method that the other is compared with.
        other: Name and score of the other, over the same patients.
    """
    found = []
    for measure in MEASURES:
        both = values_of(first[1].cases, measure) - values_of(other[1].cases, measure)
        found.append(_difference(first[0], other[0], measure, both[~np.isnan(both)]))
    return found


def captures_between(first: tuple[str, ScoreReport], other: tuple[str, ScoreReport]) -> list[CaptureTest]:
    """Return the captures by both rules, of patients and of origins.

    Args:
        first: Name and score of the method that the other is compared with.
        other: Name and score of the other, over the same patients.
    """
    found = []
    for rule in RULES:
        hits = [[hits_of(case, rule) for case in report.cases] for _, report in (first, other)]
        patients = [[any(own) for own in method if own] for method in hits]
        origins = [[hit for own in method for hit in own] for method in hits]
        found.append(_capture_test(first[0], other[0], rule, "patients", patients))
        found.append(_capture_test(first[0], other[0], rule, "origins", origins))
    return found


def _difference(first: str, other: str, measure: str, values: Array) -> Difference:
    low, high = interval_of(lambda drawn: mean_of(values[drawn]), len(values))
    wilcoxon_p = signed_rank_test(values, np.ones((1, len(values)))).p.item() if len(values) else float("nan")
    return Difference(
        first=first,
        other=other,
        measure=measure,
        patients=len(values),
        mean=mean_of(values),
        low=low,
        high=high,
        paired_t_p=paired_t_p(values),
        wilcoxon_p=wilcoxon_p,
    )


def _capture_test(first: str, other: str, rule: str, unit: Unit, hits: Sequence[Sequence[bool]]) -> CaptureTest:
    one, two = hits
    return CaptureTest(
        first=first,
        other=other,
        rule=rule,
        unit=unit,
        first_captured=sum(one),
        other_captured=sum(two),
        of=len(one),
        fisher_p=fisher_exact_p(sum(one), sum(two), len(one)),
        mcnemar_p=mcnemar_exact_p(one, two),
    )
