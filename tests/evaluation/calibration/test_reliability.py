"""Bins of both kinds, and the expected calibration error, by hand and beside another formula."""

from itertools import pairwise

import numpy as np
import pytest

from hnseg.evaluation.calibration.reliability import (
    bins_of_equal_mass,
    bins_of_equal_width,
    expected_calibration_error,
)


def test_bins_of_equal_width_by_hand():
    probabilities = np.array([0.0, 0.1, 0.25, 0.9, 1.0])
    events = np.array([False, True, True, True, False])
    first, second, last = bins_of_equal_width(probabilities, events, count=4)
    assert (first.low, first.high, first.voxels, first.frequency) == (0, 0.25, 2, 0.5)
    assert first.mean_probability == pytest.approx(0.05)
    assert (second.low, second.voxels, second.frequency) == (0.25, 1, 1)  # an edge belongs to the bin above
    assert (last.low, last.high, last.voxels, last.frequency) == (0.75, 1, 2, 0.5)
    weighted = 2 * 0.45 + 1 * 0.75 + 2 * 0.45
    assert expected_calibration_error([first, second, last]) == pytest.approx(weighted / 5)


def test_bins_of_equal_mass_hold_as_many_voxels_each_in_ascending_order():
    probabilities = np.random.default_rng(0).random(31) ** 3
    bins = bins_of_equal_mass(probabilities, probabilities > 0.5, count=4)
    assert [each.voxels for each in bins] == [8, 8, 8, 7]
    assert (bins[0].low, bins[-1].high) == (probabilities.min(), probabilities.max())
    assert all(one.high <= other.low for one, other in pairwise(bins))
    assert [each.voxels for each in bins_of_equal_mass(probabilities[:3], probabilities[:3] > 0.5)] == [1, 1, 1]


def test_the_error_is_that_of_the_sums_in_each_bin():
    rng = np.random.default_rng(1)
    probabilities = rng.random(10_000).astype(np.float32)
    events = rng.random(10_000) < probabilities**2
    numbers = np.digitize(probabilities, np.arange(1, 15) / 15)
    sums = [np.bincount(numbers, weights=values, minlength=15) for values in (probabilities, events)]
    expected = np.abs(sums[0] - sums[1]).sum() / 10_000
    found = expected_calibration_error(bins_of_equal_width(probabilities, events))
    assert found == pytest.approx(expected, abs=1e-6)
    assert found == pytest.approx(1 / 6, abs=0.02)  # the mean of p - p**2
    assert expected_calibration_error(bins_of_equal_width(probabilities, rng.random(10_000) < probabilities)) < 0.02


def test_without_voxels_there_is_no_bin_and_no_error():
    none = np.zeros(0), np.zeros(0, np.bool_)
    assert bins_of_equal_width(*none) == bins_of_equal_mass(*none) == []
    assert np.isnan(expected_calibration_error([]))
