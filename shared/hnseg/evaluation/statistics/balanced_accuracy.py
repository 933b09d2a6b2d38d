"""Balanced accuracy: each class counts alike, however many cases have it."""

from __future__ import annotations

from collections.abc import Sequence


def recalls_of(predicted: Sequence[str], expected: Sequence[str]) -> dict[str, float]:
    """Return, for each class that some case truly has, the fraction of its cases that were predicted to have it.

    Args:
        predicted: A class a case; may be one that no case has.
        expected: The true class of each.

    Raises:
        ValueError: The two have different lengths.
    """
    if len(predicted) != len(expected):
        raise ValueError(f"each case must have one class of each, found {len(predicted)} and {len(expected)}")
    hits: dict[str, list[bool]] = {}
    for answer, truth in zip(predicted, expected, strict=True):
        hits.setdefault(truth, []).append(answer == truth)
    return {name: sum(found) / len(found) for name, found in sorted(hits.items())}


def balanced_accuracy(predicted: Sequence[str], expected: Sequence[str]) -> float:
    """Return the mean of `recalls_of`, as scikit-learn's balanced_accuracy_score; NaN without a case."""
    recalls = recalls_of(predicted, expected)
    return sum(recalls.values()) / len(recalls) if recalls else float("nan")
