"""Summary statistics of one structure over cases, and of all structures together.

The standard deviation is that of a sample (divided by n - 1). An undefined statistic is NaN: the mean of no value, the
standard deviation of a single one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
"""Values of one metric, (n,)."""


@dataclass(frozen=True)
class MeanSd:
    """Mean and standard deviation of values.

    Attributes:
        mean: Arithmetic mean.
        sd: Standard deviation of a sample.
    """

    mean: float
    sd: float


@dataclass(frozen=True)
class MedianIqr:
    """Median and interquartile range of values.

    Attributes:
        median: The median.
        iqr: Distance between the quartiles, which are interpolated linearly.
    """

    median: float
    iqr: float


def mean_sd_of(values: Values) -> MeanSd:
    """Return the mean and standard deviation of values (n,).

    >>> mean_sd_of(np.array([1.0, 3.0, 5.0]))
    MeanSd(mean=3.0, sd=2.0)
    >>> mean_sd_of(np.array([1.0]))
    MeanSd(mean=1.0, sd=nan)
    """
    return MeanSd(
        mean=float(values.mean()) if len(values) else float("nan"),
        sd=float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
    )


def median_iqr_of(values: Values) -> MedianIqr:
    """Return the median and interquartile range of values (n,); both NaN for no value.

    >>> median_iqr_of(np.array([9.0, 1.0, 2.0, 4.0, 3.0]))
    MedianIqr(median=3.0, iqr=2.0)
    """
    if not len(values):
        return MedianIqr(float("nan"), float("nan"))
    low, median, high = np.percentile(values, (25, 50, 75))
    return MedianIqr(float(median), float(high - low))


def average(summaries: Sequence[MeanSd]) -> MeanSd:
    """Return the mean of means and the root mean square of standard deviations; NaNs are left out.

    HaN-Seg's tables summarise their 30 organs like this: each organ counts alike, however many cases have it, and
    differences between organs do not add to the standard deviation.

    Args:
        summaries: One summary a structure; without any, both results are NaN.

    >>> average([MeanSd(0.25, 3.0), MeanSd(0.75, 3.0)])
    MeanSd(mean=0.5, sd=3.0)
    """
    means = np.array([summary.mean for summary in summaries if not np.isnan(summary.mean)])
    sds = np.array([summary.sd for summary in summaries if not np.isnan(summary.sd)])
    return MeanSd(
        mean=float(means.mean()) if len(means) else float("nan"),
        sd=float(np.sqrt(np.mean(sds**2))) if len(sds) else float("nan"),
    )
