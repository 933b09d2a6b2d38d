"""Agreement of two observers who grade the same cases: Cohen's kappa with quadratic weights.

Cohen, Weighted kappa: nominal scale agreement with provision for scaled disagreement or partial credit, Psychol Bull
1968.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def quadratic_kappa(one: npt.ArrayLike, other: npt.ArrayLike, *, categories: Sequence[int] = (1, 2, 3, 4, 5)) -> float:
    """Return the weighted kappa: 1 for full agreement, 0 for that of chance, below 0 for less.

    The categories are fixed beforehand. Weights are the squared differences of the categories' positions.

    Args:
        one: Grades of one observer, (n,).
        other: Grades of the other, (n,), of the same cases in the same order.
        categories: All grades that may be given, in their order.

    Returns:
        Kappa; NaN without a case, and where both gave one and the same grade throughout.

    Raises:
        ValueError: The two have different lengths, or a grade is none of the categories.

    >>> quadratic_kappa([1, 5], [1, 5]), quadratic_kappa([1, 1, 5, 5], [1, 5, 1, 5])
    (1.0, 0.0)
    """
    place = {category: position for position, category in enumerate(categories)}
    first, second = (np.array([place.get(int(grade), -1) for grade in np.asarray(each)]) for each in (one, other))
    if len(first) != len(second) or (first < 0).any() or (second < 0).any():
        raise ValueError(f"each case must have two grades of {list(categories)}")
    if not len(first):
        return float("nan")
    # Means of squared differences over the cases, and over all pairs of one's grade with any of the other's.
    observed = np.mean((first - second) ** 2)
    expected = np.mean((first[:, None] - second[None, :]) ** 2)
    return float(1 - observed / expected) if expected else float("nan")
