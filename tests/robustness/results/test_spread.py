"""Quantiles beside NumPy's, and with infinite values."""

import numpy as np
import pytest

from hnseg.robustness.results.spread import quantile_of, spread_of

INF = float("inf")


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_quantiles_of_finite_values_are_numpys(fraction, count):
    values = np.random.default_rng(count).normal(size=count)
    assert quantile_of(values, fraction) == pytest.approx(np.quantile(values, fraction))


def test_infinite_values_count_at_their_end():
    assert quantile_of([1, 2, INF], 0.5) == 2
    assert quantile_of([1, INF, INF], 0.5) == INF
    spread = spread_of([1, 2, 3, 4, INF])
    assert (spread.median, spread.iqr) == (3, 2)


def test_the_range_of_two_infinite_quartiles_is_undefined():
    assert spread_of([INF, INF]).iqr is None
    assert spread_of([]).median is None
