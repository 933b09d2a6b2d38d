"""Intervals over patients, beside SciPy's bootstrap."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from hnseg.evaluation.recurrence.intervals import interval_of, intervals_of, share_of


def test_an_interval_is_scipys():
    values = np.random.default_rng(1).random(30)
    found = interval_of(lambda drawn: float(np.median(values[drawn])), 30)
    other = bootstrap((values,), np.median, method="percentile", n_resamples=20000, rng=np.random.default_rng(2))
    assert found == pytest.approx(tuple(other.confidence_interval), abs=0.03)


def test_a_share_is_of_all_origins_and_patients_are_drawn_whole():
    assert share_of(np.array([2.0, 0.0]), np.array([2.0, 0.0])) == 1
    assert np.isnan(share_of(np.zeros(1), np.zeros(1)))


def test_what_is_the_same_in_every_patient_has_no_width(comparison):
    of = {method.name: intervals_of(method.report.cases) for method in comparison.methods}
    assert of["all"]["captured_by_centre"] == (1, 1)
    assert of["none"]["median_prediction_cc"] == (0, 0)
    assert of["first"]["captured_by_core"] == (0.5, 0.5)
