"""Correction of p values for many tests: the false discovery rate of Benjamini and Hochberg.

Benjamini and Hochberg, Controlling the false discovery rate, J R Stat Soc B 1995.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control


def benjamini_hochberg(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the q values of one family of tests.

    Args:
        p: P values, (n,), from 0 to 1; NaN where a test is undefined.

    Returns:
        The smallest false discovery rates at which each test is significant, (n,); NaN where p is, and such a test does
        not count for the family.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()  # 0.01 * 3, 0.04 * 3 / 3 for both others
    [0.03, 0.04, nan, 0.04]
    """
    values = np.asarray(p, np.float64)
    q = np.full(values.shape, np.nan)
    is_defined = np.isfinite(values)
    if is_defined.any():
        q[is_defined] = false_discovery_control(values[is_defined], method="bh")
    return q
