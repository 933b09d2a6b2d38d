"""Agreement of observers, by hand and beside scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from hnseg.robustness.grading.observers import agreement_of, by_observer
from tests.support.made_up_grades import GRADES, made_up_grades

AGREEMENT = agreement_of(
    by_observer([one for one in made_up_grades() if one.variant.is_baseline]), np.random.default_rng(0), draws=200
)


def test_shares_of_usable_cases():
    assert AGREEMENT.usable_share == {"A": 6 / 8, "B": 6 / 8, "C": 1.0}
    assert AGREEMENT.mean_usable_share == pytest.approx((0.75 + 0.75 + 1) / 3)
    assert AGREEMENT.mean_grade["A"] == 27 / 8
    assert AGREEMENT.cases == 8


def test_kappa_of_every_pair_over_the_cases_of_both():
    expected = cohen_kappa_score(GRADES["A"], GRADES["B"], labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert list(AGREEMENT.quadratic_kappa) == ["A vs B", "A vs C", "B vs C"]
    assert AGREEMENT.quadratic_kappa["A vs B"] == pytest.approx(expected)
    assert AGREEMENT.both_graded == {"A vs B": 8, "A vs C": 2, "B vs C": 2}


def test_intervals_hold_the_value():
    low, high = AGREEMENT.quadratic_kappa_interval["A vs B"]
    assert low < AGREEMENT.quadratic_kappa["A vs B"] < high
    low, high = AGREEMENT.usable_share_interval["B"]
    assert low < 0.75 < high
