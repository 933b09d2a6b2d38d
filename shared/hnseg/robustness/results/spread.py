"""Median and interquartile range of values of which some may be infinite or undefined."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hnseg.records import Frozen, MaybeNumber


class Spread(Frozen):
    """Middle and width of the values of a measure; an undefined or infinite one is null in JSON."""

    median: MaybeNumber
    iqr: MaybeNumber


def quantile_of(values: npt.ArrayLike, fraction: float) -> float:
    """Return a quantile between neighbouring values, as NumPy does, over all values but NaN; infinite ones count.

    Args:
        values: Values, (n,).
        fraction: Fraction of the values below it, 0 to 1.

    Returns:
        The quantile; infinite between a finite and an infinite value, NaN without a value.

    >>> quantile_of([1, float("nan"), 3, 2], 0.5), quantile_of([1, float("inf")], 0.5)
    (2.0, inf)
    """
    known = np.asarray(values, np.float64)
    known = np.sort(known[~np.isnan(known)])
    if not len(known):
        return float("nan")
    place = fraction * (len(known) - 1)
    below = int(place)
    part = place - below
    if not part or known[below] == known[below + 1]:
        return float(known[below])
    return float(known[below] + part * (known[below + 1] - known[below]))


def spread_of(values: npt.ArrayLike) -> Spread:
    """Return the spread of values, (n,), NaN left out; the range of two infinite quartiles is undefined.

    >>> spread_of([1, 2, 3, 4, 5])
    Spread(median=3.0, iqr=2.0)
    """
    low, high = quantile_of(values, 0.25), quantile_of(values, 0.75)
    iqr = float("nan") if np.isinf(low) and np.isinf(high) else high - low
    return Spread(median=quantile_of(values, 0.5), iqr=iqr)
