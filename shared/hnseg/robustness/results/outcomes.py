"""Outcome of one structure in one case: found, missed, spurious, or empty on both sides.

A structure that is there is missed where the Dice score is 0: the prediction is empty, or lies elsewhere. One that is
not there is spurious where something was predicted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from hnseg.robustness.scores.record import ScoreRecord


class Outcome(Enum):
    """Outcome of one structure in one case."""

    FOUND = "found"
    MISSED = "missed"
    SPURIOUS = "spurious"
    BOTH_EMPTY = "both_empty"


def outcome_of(record: ScoreRecord) -> Outcome:
    """Return the outcome of a record; with an empty reference, NaN and 1 say that the prediction is empty too."""
    if record.reference_mm3 > 0:
        return Outcome.FOUND if record.dice > 0 else Outcome.MISSED
    return Outcome.SPURIOUS if record.dice == 0 else Outcome.BOTH_EMPTY


def count_outcomes(records: Iterable[ScoreRecord]) -> dict[str, int]:
    """Return the number of records with each outcome, by its name.

    >>> count_outcomes([])
    {'found': 0, 'missed': 0, 'spurious': 0, 'both_empty': 0}
    """
    counts = Counter(map(outcome_of, records))
    return {outcome.value: counts[outcome] for outcome in Outcome}
