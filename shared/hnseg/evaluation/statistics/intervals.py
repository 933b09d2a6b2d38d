"""Intervals of a statistic by the bootstrap: percentiles over draws of the cases with replacement.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

DRAWS = 1000
"""Number of draws."""

_TAILS_PERCENT = (2.5, 97.5)


def bootstrap_interval(
    statistic: Callable[[npt.NDArray[np.intp]], float], count: int, rng: np.random.Generator, *, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the interval that holds 95 % of the draws.

    Args:
        statistic: Function from the indices of the drawn cases, (count,), to the value; NaN where it is undefined, and
            such a draw does not count.
        count: Number of cases.
        rng: Source of randomness.
        draws: Number of draws.

    Returns:
        The 2.5th and 97.5th percentile; NaN for both without a case, or where every draw is undefined.

    >>> values = np.array([2.0, 2.0, 2.0])
    >>> bootstrap_interval(lambda drawn: float(values[drawn].mean()), 3, np.random.default_rng(0), draws=10)
    (2.0, 2.0)
    """
    if not count:
        return float("nan"), float("nan")
    values = np.array([statistic(drawn) for drawn in rng.integers(0, count, (draws, count))])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, _TAILS_PERCENT)
    return float(low), float(high)
