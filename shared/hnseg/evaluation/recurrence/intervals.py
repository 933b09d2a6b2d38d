"""Intervals of a method's values by the bootstrap over patients, with the same draws for every method.

Patients are drawn with all their origins, so that the interval of a share of origins knows that those of one patient
are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.recurrence.summary import RULES, captures_of, quartiles_of, values_of
from hnseg.evaluation.report import CaseScore
from hnseg.evaluation.statistics.intervals import bootstrap_interval
from hnseg.records import MaybeNumber

Interval = tuple[MaybeNumber, MaybeNumber]
Drawn = npt.NDArray[np.intp]

_SEED = 0


def interval_of(statistic: Callable[[Drawn], float], count: int) -> Interval:
    """Return the 95 % interval of a statistic over patients.

    Args:
        statistic: Function from the indices of the drawn patients to the value; NaN where it is undefined.
        count: Number of patients.
    """
    return bootstrap_interval(statistic, count, np.random.default_rng(_SEED))


def intervals_of(cases: Sequence[CaseScore]) -> dict[str, Interval]:
    """Return the intervals of a method: of its median Dice and volume, and of the share of origins by each rule."""
    intervals = {}
    for measure in ("dsc", "prediction_cc"):
        values = values_of(cases, measure)
        intervals[f"median_{measure}"] = interval_of(lambda drawn, of=values: quartiles_of(of[drawn])[0], len(cases))
    origins = values_of(cases, "origins")
    for rule in RULES:
        captured = captures_of(cases, rule)
        intervals[f"captured_by_{rule}"] = interval_of(
            lambda drawn, of=captured: share_of(of[drawn], origins[drawn]), len(cases)
        )
    return intervals


def share_of(captured: npt.NDArray[np.float64], origins: npt.NDArray[np.float64]) -> float:
    """Return the share of all origins that are captured; NaN where there is none.

    >>> share_of(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    0.25
    """
    total = origins.sum()
    return float(captured.sum() / total) if total else float("nan")
