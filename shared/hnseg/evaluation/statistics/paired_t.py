"""Student's t test for paired values, two-sided.

Student, The probable error of a mean, Biometrika 1908. It takes the differences for normal, which a handful of patients
can't show: `hnseg.evaluation.statistics.signed_rank` asks for less.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import ttest_1samp

_DECIMALS = 9  # two differences that are equal on paper are equal here too


def paired_t_p(differences: npt.NDArray[np.float64]) -> float:
    """Return the p value of paired values.

    Args:
        differences: Differences of the pairs, (n,), finite.

    Returns:
        Two-sided p; NaN for fewer than two pairs, and where all differences are the same, so that they have no spread.

    >>> round(paired_t_p(np.array([1.0, 2.0, 3.0])), 4)  # t = 2 / (1 / sqrt(3)), 2 degrees of freedom
    0.0742
    """
    if len(differences) < 2 or not np.ptp(np.round(differences, _DECIMALS)):
        return float("nan")
    return float(ttest_1samp(differences, 0.0).pvalue)
