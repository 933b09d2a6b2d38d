"""Bootstrap intervals of a statistic."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from hnseg.evaluation.statistics.intervals import bootstrap_interval

VALUES = np.random.default_rng(3).normal(10, 2, 60)


def test_the_interval_of_a_mean_is_near_scipys_percentiles():
    low, high = bootstrap_interval(lambda drawn: float(VALUES[drawn].mean()), 60, np.random.default_rng(0), draws=4000)
    other = bootstrap(
        (VALUES,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (low, high) == pytest.approx((other.low, other.high), abs=0.1)


def test_the_same_seed_gives_the_same_interval():
    intervals = [
        bootstrap_interval(lambda drawn: float(VALUES[drawn].max()), 60, np.random.default_rng(5), draws=50)
        for _ in range(2)
    ]
    assert intervals[0] == intervals[1]


def test_undefined_draws_do_not_count():
    def first(drawn):
        return 1.0 if drawn[0] else float("nan")

    assert bootstrap_interval(first, 2, np.random.default_rng(0), draws=20) == (1.0, 1.0)
    assert np.isnan(bootstrap_interval(lambda _: float("nan"), 2, np.random.default_rng(0), draws=5)).all()
    assert np.isnan(bootstrap_interval(first, 0, np.random.default_rng(0))).all()
