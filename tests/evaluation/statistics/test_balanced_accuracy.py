"""Balanced accuracy beside scikit-learn's, and by hand."""

from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hnseg.evaluation.statistics.balanced_accuracy import balanced_accuracy, recalls_of

STAGES = st.sampled_from(["T1", "T2", "T3", "T4"])


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
@settings(deadline=None)  # the first example imports scikit-learn
@given(st.lists(st.tuples(STAGES, STAGES), min_size=1, max_size=12))
def test_it_is_that_of_scikit_learn(answers):
    metrics = pytest.importorskip("sklearn.metrics", reason="comes with the training extra")
    predicted, expected = zip(*answers, strict=True)
    assert balanced_accuracy(predicted, expected) == pytest.approx(metrics.balanced_accuracy_score(expected, predicted))


def test_a_frequent_class_counts_no_more_than_a_rare_one():
    expected, predicted = ["T1"] * 8 + ["T2"], ["T1"] * 8 + ["T1"]
    assert recalls_of(predicted, expected) == {"T1": 1.0, "T2": 0.0}
    assert balanced_accuracy(predicted, expected) == 0.5


def test_a_class_that_no_case_has_is_a_wrong_answer_and_no_class_of_its_own():
    assert balanced_accuracy(["T4", "T1"], ["T1", "T1"]) == 0.5


def test_without_a_case_it_is_undefined():
    assert isnan(balanced_accuracy([], []))


def test_answers_for_other_cases_are_refused():
    with pytest.raises(ValueError, match="one class of each, found 1 and 2"):
        balanced_accuracy(["T1"], ["T1", "T2"])
