"""Risk-coverage curve by hand, with equal confidences beside random orders of them."""

import numpy as np
import pytest

from hnseg.evaluation.calibration.risk_coverage import RiskCoverage


def test_the_curve_by_hand():
    curve = RiskCoverage.of(np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, False, True]))
    np.testing.assert_allclose(curve.risk, [0, 1 / 2, 1 / 3, 2 / 4])
    np.testing.assert_allclose(curve.best, [0, 0, 1 / 3, 2 / 4])
    assert curve.area == pytest.approx(1 / 3)
    assert curve.excess_area == pytest.approx(1 / 8)


def test_voxels_of_equal_confidence_count_as_in_a_random_order():
    rng = np.random.default_rng(0)
    confidence, is_correct = rng.integers(4, size=60), rng.random(60) < 0.7
    orders = [np.lexsort((rng.random(60), -confidence)) for _ in range(4000)]
    counts = np.arange(1, 61)
    expected = np.mean([(~is_correct[order]).cumsum() / counts for order in orders], axis=0)
    np.testing.assert_allclose(RiskCoverage.of(confidence, is_correct).risk, expected, atol=0.03)


def test_the_best_order_has_no_excess():
    confidence = np.array([0.1, 0.2, 0.9])
    assert RiskCoverage.of(confidence, confidence > 0.5).excess_area == 0


def test_points_are_few_and_end_at_full_coverage():
    curve = RiskCoverage.of(np.arange(1000.0), np.arange(1000) >= 100)
    points = curve.points(100)
    assert (len(points), points[-1]) == (100, (1.0, pytest.approx(0.1)))
    assert points[0] == (0.01, 0.0)
    assert len(RiskCoverage.of(np.arange(3), np.ones(3, np.bool_)).points(100)) == 3


def test_a_voxel_is_needed():
    with pytest.raises(ValueError, match="needs one voxel at least"):
        RiskCoverage.of(np.zeros(0), np.zeros(0, np.bool_))
