"""Correlation of two variables over cases, with its p value: Pearson's r, and Spearman's rho of the ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import pearsonr, rankdata

SMALLEST_COUNT = 3
"""Smallest number of cases with which a correlation is tested."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Correlation:
    """Correlation of two variables.

    Attributes:
        r: Coefficient, -1 to 1; NaN where it is undefined.
        p: Two-sided p value by Student's t; NaN where r is.
        count: Number of cases in which both are finite.
    """

    r: float
    p: float
    count: int


def pearson(one: npt.ArrayLike, other: npt.ArrayLike) -> Correlation:
    """Return Pearson's correlation over the cases in which both are finite.

    It is undefined with fewer than `SMALLEST_COUNT` cases, and where one of the variables has a single value.

    Args:
        one: Values of one variable, (n,); NaN and infinite ones leave the case out.
        other: Values of the other, (n,).

    >>> found = pearson([1, 2, 3, float("nan")], [2, 4, 6, 8])
    >>> round(found.r, 6), found.count
    (1.0, 3)
    """
    return _tested(*_finite(one, other))


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> Correlation:
    """Return Spearman's rank correlation over the cases in which both are defined; an infinite value is the largest.

    Args:
        one: Values of one variable, (n,); NaN leaves the case out.
        other: Values of the other, (n,).

    >>> round(spearman([1, 2, 3], [1, 100, float("inf")]).r, 6)
    1.0
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    is_defined = ~(np.isnan(first) | np.isnan(second))
    return _tested(_ranks(first[is_defined]), _ranks(second[is_defined]))


def pearson_r(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Return Pearson's coefficient alone, of finite values (n,), sooner than with its test; NaN where undefined."""
    if len(one) < SMALLEST_COUNT or _is_constant(one) or _is_constant(other):
        return float("nan")
    first, second = one - one.mean(), other - other.mean()
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def spearman_r(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Return Spearman's coefficient alone, of values (n,) without NaN; NaN where undefined."""
    return pearson_r(_ranks(one), _ranks(other))


def _finite(one: npt.ArrayLike, other: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    is_finite = np.isfinite(first) & np.isfinite(second)
    return first[is_finite], second[is_finite]


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(rankdata(values), np.float64)


def _tested(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Correlation:
    count = len(first)
    if count < SMALLEST_COUNT or _is_constant(first) or _is_constant(second):
        return Correlation(float("nan"), float("nan"), count)
    found = pearsonr(first, second)
    return Correlation(float(found.statistic), float(found.pvalue), count)


def _is_constant(values: npt.NDArray[np.float64]) -> bool:
    """Return whether values differ by no more than the rounding of their differences."""
    return bool(np.ptp(values) <= _ROUNDING * np.abs(values).max())
