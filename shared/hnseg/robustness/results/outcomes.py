"""Counts of outcomes over cases: structures found, missed, spurious, or empty on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hnseg.robustness.scores.record import Outcome, ScoreRecord


def count_outcomes(records: Iterable[ScoreRecord]) -> dict[str, int]:
    """Return the number of records with each outcome, by its name.

    >>> count_outcomes([])
    {'found': 0, 'missed': 0, 'spurious': 0, 'both_empty': 0}
    """
    counts = Counter(record.outcome for record in records)
    return {outcome.value: counts[outcome] for outcome in Outcome}
