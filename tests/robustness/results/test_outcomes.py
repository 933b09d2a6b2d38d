"""Outcomes of a structure in a case."""

import pytest

from hnseg.robustness.results.outcomes import count_outcomes
from hnseg.robustness.scores.record import BASELINE, Outcome, ScoreRecord


@pytest.mark.parametrize(
    ("dice", "reference_mm3", "outcome"),
    [
        (0.01, 900, Outcome.FOUND),
        (0.0, 900, Outcome.MISSED),
        (0.0, 0, Outcome.SPURIOUS),
        (1.0, 0, Outcome.BOTH_EMPTY),
        (float("nan"), 0, Outcome.BOTH_EMPTY),
    ],
)
def test_each_outcome(dice, reference_mm3, outcome):
    record = ScoreRecord("a", "GTVp", BASELINE, dice, reference_mm3)
    assert record.outcome is outcome
    assert count_outcomes([record, record])[outcome.value] == 2
