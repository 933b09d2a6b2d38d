"""Balanced accuracy: the mean recall of classes, so that each counts alike, however many cases have it.

Brodersen et al., The balanced accuracy and its posterior distribution, ICPR 2010.
"""

from __future__ import annotations

from collections.abc import Sequence


def recalls_of(predicted: Sequence[str], expected: Sequence[str]) -> dict[str, float]:
    """Return the recall of each true class: the fraction of its cases with the right prediction.

    Args:
        predicted: Predicted class of each case; may be one that no case truly has.
        expected: True class of each case.

    Returns:
        Fractions from 0 to 1 by class, sorted; empty without a case.

    Raises:
        ValueError: The two have different lengths.

    >>> recalls_of(["T1", "T2", "T2", "T4"], ["T1", "T1", "T2", "T2"])
    {'T1': 0.5, 'T2': 0.5}
    """
    if len(predicted) != len(expected):
        raise ValueError(f"each case must have one class of each, found {len(predicted)} and {len(expected)}")
    hits: dict[str, list[bool]] = {}
    for answer, truth in zip(predicted, expected, strict=True):
        hits.setdefault(truth, []).append(answer == truth)
    return {name: sum(found) / len(found) for name, found in sorted(hits.items())}


def balanced_accuracy(predicted: Sequence[str], expected: Sequence[str]) -> float:
    """Return the mean recall of the true classes, as scikit-learn's balanced_accuracy_score; NaN without a case.

    Args:
        predicted: Predicted class of each case.
        expected: True class of each case.

    Raises:
        ValueError: The two have different lengths.

    >>> balanced_accuracy(["N0", "N0", "N0", "N0"], ["N0", "N0", "N0", "N1"])  # recalls 1 and 0
    0.5
    """
    recalls = recalls_of(predicted, expected)
    return sum(recalls.values()) / len(recalls) if recalls else float("nan")
