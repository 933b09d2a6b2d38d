"""Intervals of a method's values by the bootstrap over patients, with the same draws for every method.

Patients are drawn with all their origins, so that the interval of a share of origins knows that those of one patient
are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.recurrence.summary import RULES, Array, captures_of, quartiles_of, values_of
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
    origins, count = values_of(cases, "origins"), len(cases)
    medians = {
        f"median_{measure}": interval_of(partial(_median, values_of(cases, measure)), count)
        for measure in ("dsc", "prediction_cc")
    }
    shares = {
        f"captured_by_{rule}": interval_of(partial(_share, captures_of(cases, rule), origins), count) for rule in RULES
    }
    return medians | shares


def share_of(captured: Array, origins: Array) -> float:
    """Return the share of all origins that are captured; NaN where there is none.

    >>> share_of(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    0.25
    """
    total = origins.sum()
    return float(captured.sum() / total) if total else float("nan")


def _median(values: Array, drawn: Drawn) -> float:
    return quartiles_of(values[drawn])[0]


def _share(captured: Array, origins: Array, drawn: Drawn) -> float:
    return share_of(captured[drawn], origins[drawn])
