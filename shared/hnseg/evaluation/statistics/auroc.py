"""Area under the receiver operating characteristic, by ranks: ties count half.

It is the probability that a positive has a higher score than a negative. Source: Hanley and McNeil, "The meaning and
use of the area under a receiver operating characteristic (ROC) curve", Radiology 1982.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata


def auroc(scores: npt.NDArray[Any], is_positive: npt.NDArray[np.bool_]) -> float:
    """Return the area, 0 to 1; NaN where all are positive or none is.

    Args:
        scores: Score (n,) of each, higher where it is rather positive; may be infinite.
        is_positive: Whether each is positive, (n,).

    >>> auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))  # 3.5 of 4 pairs
    0.875
    """
    positive = int(np.count_nonzero(is_positive))
    pairs = positive * (len(is_positive) - positive)
    if not pairs:
        return float("nan")
    ranks = np.asarray(rankdata(scores), np.float64)[is_positive].sum()
    return float((ranks - positive * (positive + 1) / 2) / pairs)
