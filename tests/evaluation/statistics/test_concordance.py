"""The concordance index: by hand, and beside an enumeration of all pairs that knows no arrays."""

from itertools import combinations
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hnseg.evaluation.statistics.concordance import Concordance, concordance_of

COHORTS = st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 4)), min_size=0, max_size=14)


def by_enumeration(cohort: list[tuple[int, bool, int]]) -> Concordance:
    """Look at each pair of patients (time, event, risk) and ask who had the event first."""
    concordant = tied = comparable = 0
    for one, other in combinations(cohort, 2):
        if one[0] == other[0]:
            if one[1] == other[1]:
                continue  # two events at once, or two who were last seen then
            first, second = (one, other) if one[1] else (other, one)
        else:
            first, second = sorted((one, other))
            if not first[1]:
                continue  # last seen before the other's time: who was first is not known
        comparable += 1
        concordant += first[2] > second[2]
        tied += first[2] == second[2]
    return Concordance(concordant, tied, comparable)


def concordance_of_cohort(cohort: list[tuple[int, bool, int]]) -> Concordance:
    times, events, risks = zip(*cohort, strict=True) if cohort else ((), (), ())
    return concordance_of(times=times, events=events, risks=risks)


@given(COHORTS)
def test_all_pairs_are_counted_as_one_by_one(cohort):
    assert concordance_of_cohort(cohort) == by_enumeration(cohort)


@given(COHORTS)
def test_the_opposite_risk_has_the_opposite_index(cohort):
    index = concordance_of_cohort(cohort).index
    opposite = concordance_of_cohort([(time, event, -risk) for time, event, risk in cohort]).index
    assert (isnan(index) and isnan(opposite)) or index + opposite == pytest.approx(1)


def test_by_hand():
    # Events at 2 and 5, last seen at 4 and 9. Comparable: 2 with all three, 5 with 9.
    concordance = concordance_of(times=[2, 4, 5, 9], events=[1, 0, 1, 0], risks=[7, 7, 1, 3])
    assert concordance == Concordance(concordant=2, tied=1, comparable=4)
    assert concordance.index == 2.5 / 4


@pytest.mark.parametrize(
    ("times", "events", "risks", "index"),
    [
        pytest.param([5, 5], [1, 0], [2, 1], 1.0, id="the same time, and one event: the other is later"),
        pytest.param([5, 5], [0, 1], [2, 1], 0.0, id="the same in the other order"),
        pytest.param([5, 5], [1, 1], [2, 1], None, id="two events at once"),
        pytest.param([5, 8], [0, 1], [2, 1], None, id="last seen before the event"),
        pytest.param([5, 8], [0, 0], [2, 1], None, id="no event"),
        pytest.param([5], [1], [2], None, id="one patient"),
        pytest.param([], [], [], None, id="nobody"),
        pytest.param([5, 8], [1, 0], [1, 1], 0.5, id="equal risks"),
    ],
)
def test_which_pairs_are_comparable(times, events, risks, index):
    found = concordance_of(times=times, events=events, risks=risks).index
    assert isnan(found) if index is None else found == index


def test_values_that_cant_be_compared_are_refused():
    with pytest.raises(ValueError, match=r"one value of each, found \(2,\), \(2,\), \(1,\)"):
        concordance_of(times=[1, 2], events=[1, 0], risks=[1])
    with pytest.raises(ValueError, match="must be finite"):
        concordance_of(times=[1, 2], events=[1, 0], risks=[1, float("nan")])
