"""Weighted kappa of two observers, beside scikit-learn's and by hand."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from hnseg.evaluation.statistics.agreement import quadratic_kappa


def test_kappa_is_that_of_scikit_learn_with_five_fixed_categories():
    rng = np.random.default_rng(1)
    one = rng.integers(1, 6, 40)
    other = np.clip(one + rng.integers(-1, 2, 40), 1, 5)
    expected = cohen_kappa_score(one, other, labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert quadratic_kappa(one, other) == pytest.approx(expected, abs=1e-12)


def test_three_cases_by_hand():
    # Squared differences 0, 1, 0; over all nine pairs of 1, 2, 3 with 1, 3, 3 they sum to 0+4+4 + 1+1+1 + 4+0+0 = 15.
    assert quadratic_kappa([1, 2, 3], [1, 3, 3]) == pytest.approx(1 - (1 / 3) / (15 / 9))


def test_without_a_case_or_with_one_grade_only_kappa_is_undefined():
    assert np.isnan(quadratic_kappa([], []))
    assert np.isnan(quadratic_kappa([4, 4], [4, 4]))


@pytest.mark.parametrize(("one", "other"), [([1, 2], [1]), ([0], [1]), ([1], [6])])
def test_grades_must_be_pairs_of_known_categories(one, other):
    with pytest.raises(ValueError, match=r"each case must have two grades of \[1, 2, 3, 4, 5\]"):
        quadratic_kappa(one, other)
