"""Values of a method over patients: medians and quartiles, captured points of origin, and empty label maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.recurrence.patient_score import STRUCTURE
from hnseg.evaluation.report import CaseScore, Metrics, ScoreReport

SPREAD = ("dsc", "recall", "precision", "prediction_cc", "reference_cc")
"""Measures with a median and quartiles."""

RULES = ("centre", "core")
"""Definitions of a point of origin."""

Array = npt.NDArray[np.float64]


def values_of(cases: Sequence[CaseScore], measure: str) -> Array:
    """Return a measure of each patient, (n,); NaN where it is undefined."""
    return np.array([case.structures[STRUCTURE][measure] for case in cases], np.float64)


def captures_of(cases: Sequence[CaseScore], rule: str) -> Array:
    """Return the number of origins that each patient's prediction captures by a rule, (n,)."""
    return values_of(cases, f"captured_by_{rule}")


def quartiles_of(values: Array) -> tuple[float, float, float]:
    """Return median, lower and upper quartile, interpolated linearly, of the defined values; NaN where none is.

    >>> quartiles_of(np.array([1.0, 2.0, 3.0, 4.0, float("nan"), 5.0]))
    (3.0, 2.0, 4.0)
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    median, low, high = np.percentile(values, (50, 25, 75))
    return float(median), float(low), float(high)


def mean_of(values: Array) -> float:
    """Return the mean of the defined values; NaN where none is."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")


def report_of(cases: Sequence[CaseScore], options: Mapping[str, str]) -> ScoreReport:
    """Return the score of a method.

    Args:
        cases: Measures of each patient.
        options: Choices of the score by name.
    """
    summary = summary_of(cases)
    return ScoreReport(
        challenge="recurrence",
        score=summary["mean_dsc"],
        score_name="mean DSC",
        options=dict(options),
        structures={STRUCTURE: summary},
        overall=counts_of(cases),
        cases=tuple(cases),
    )


def summary_of(cases: Sequence[CaseScore]) -> Metrics:
    """Return `median_`, `q1_` and `q3_` of each measure, and `mean_dsc`; undefined values are left out of each."""
    summary: Metrics = {"mean_dsc": mean_of(values_of(cases, "dsc"))}
    for measure in SPREAD:
        spread = quartiles_of(values_of(cases, measure))
        summary |= {f"{name}_{measure}": value for name, value in zip(("median", "q1", "q3"), spread, strict=True)}
    return summary


def counts_of(cases: Sequence[CaseScore]) -> Metrics:
    """Return the numbers of patients, of origins and captured ones, and of empty label maps.

    A patient is captured where any of his origins is. Patients without a recurrence have none to capture.
    """
    origins = values_of(cases, "origins")
    is_empty = {what: values_of(cases, f"{what}_cc") == 0 for what in ("prediction", "reference")}
    counts: Metrics = {"patients": len(cases), "patients_with_origins": int((origins > 0).sum())}
    counts["origins"] = int(origins.sum())
    for rule in RULES:
        captured = captures_of(cases, rule)
        counts[f"origins_captured_by_{rule}"] = int(captured.sum())
        counts[f"patients_captured_by_{rule}"] = int((captured > 0).sum())
        counts[f"patients_captured_wholly_by_{rule}"] = int(((captured == origins) & (origins > 0)).sum())
    counts["empty_predictions"] = int(is_empty["prediction"].sum())
    counts["empty_references"] = int(is_empty["reference"].sum())
    counts["both_empty"] = int((is_empty["prediction"] & is_empty["reference"]).sum())
    return counts
