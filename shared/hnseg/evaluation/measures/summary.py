"""Many values in a few numbers: of one structure over cases, and of all structures together.

The standard deviation is that of a sample (divided by n - 1). What no value defines is NaN: a mean of none, a standard
deviation of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """The mean of values and their standard deviation."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Middle:
    """The median of values and the distance between their quartiles, which are interpolated linearly."""

    median: float
    iqr: float


def spread_of(values: Values) -> Spread:
    """Return the mean of values (n,) and their standard deviation."""
    return Spread(
        mean=float(values.mean()) if len(values) else float("nan"),
        sd=float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
    )


def middle_of(values: Values) -> Middle:
    """Return the median of values (n,) and their interquartile range."""
    if not len(values):
        return Middle(float("nan"), float("nan"))
    low, median, high = np.percentile(values, (25, 50, 75))
    return Middle(float(median), float(high - low))


def average(spreads: Sequence[Spread]) -> Spread:
    """Return the mean of the means, and the root mean square of the standard deviations; NaNs are left out.

    So HaN-Seg's tables sum up their 30 organs: each counts alike, however many cases have it, and the differences
    between organs are no part of the spread.
    """
    means = np.array([spread.mean for spread in spreads if not np.isnan(spread.mean)])
    sds = np.array([spread.sd for spread in spreads if not np.isnan(spread.sd)])
    return Spread(
        mean=float(means.mean()) if len(means) else float("nan"),
        sd=float(np.sqrt(np.mean(sds**2))) if len(sds) else float("nan"),
    )
