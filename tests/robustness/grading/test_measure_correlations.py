"""Correlations of grades with measures, beside scipy's."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from hnseg.robustness.grading.measure_correlations import measure_correlations
from hnseg.robustness.grading.observers import by_observer
from hnseg.robustness.scores.record import BASELINE
from tests.support.made_up_grades import GRADES, made_up_grades

DICE = (0.9, 0.8, 0.85, 0.7, 0.5, 0.1, 0.6, 0.95)
HD_MM = (2, 3, 3, 5, 9, np.inf, 8, 1)
MEASURES = {
    "dice": {("GTVp", (f"case_{at}", BASELINE)): value for at, value in enumerate(DICE)},
    "hd_mm": {("GTVp", (f"case_{at}", BASELINE)): value for at, value in enumerate(HD_MM)},
    "other": {("GTVn", ("case_0", BASELINE)): 0.5},
}
FOUND = measure_correlations("GTVp", by_observer(made_up_grades()), MEASURES, np.random.default_rng(0), draws=200)


def test_both_coefficients_of_each_observer():
    assert list(FOUND) == ["dice", "hd_mm"]
    for name in "AB":
        found, grades = FOUND["dice"][name], GRADES[name]
        assert (found.spearman.r, found.spearman.p) == pytest.approx(tuple(spearmanr(grades, DICE)))
        assert (found.pearson.r, found.pearson.p) == pytest.approx(tuple(pearsonr(grades, DICE)))
        low, high = found.pearson.interval
        assert low <= found.pearson.r <= high


def test_an_infinite_distance_is_the_largest_and_no_number():
    found = FOUND["hd_mm"]["A"]
    assert (found.spearman.cases, found.pearson.cases) == (8, 7)
    assert found.spearman.r == pytest.approx(spearmanr(GRADES["A"], HD_MM).statistic)


def test_two_cases_are_too_few():
    assert FOUND["dice"]["C"].pearson.r is None
