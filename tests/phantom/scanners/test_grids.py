"""Grids of scans stay within their acquisition's ranges and lie around their point."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.phantom.body.painting import Pose
from hnseg.phantom.scanners.grids import Acquisition

ACQUISITION = Acquisition((10, 12), (20, 20), (5, 8), (1.0, 2.0, 3.0), spread=0.1)


def test_sizes_and_spacings_stay_within_their_ranges():
    rng = np.random.default_rng(0)
    grids = [ACQUISITION.draw_around(rng, (0.0, 0.0, 0.0)) for _ in range(60)]
    assert {grid.size_xyz[0] for grid in grids} == {10, 11, 12}
    assert {grid.size_xyz[1] for grid in grids} == {20}
    assert {grid.size_xyz[2] for grid in grids} == {5, 6, 7, 8}
    factors = np.array([grid.spacing_mm for grid in grids]) / ACQUISITION.spacing_mm
    assert factors.min() >= 0.9 - 1e-4
    assert factors.max() <= 1.1 + 1e-4
    # Both axes of a slice have one factor.
    np.testing.assert_allclose(factors[:, 0], factors[:, 1], atol=1e-4)


@pytest.mark.parametrize("tilt_deg", [0.0, 8.0])
def test_the_middle_of_the_grid_is_the_point_at_any_tilt(tilt_deg):
    grid = ACQUISITION.draw_around(np.random.default_rng(0), (5.0, -7.0, 40.0), tilt_deg=tilt_deg)
    assert grid.corners_mm().mean(axis=0) == pytest.approx((5.0, -7.0, 40.0), abs=1e-3)
    normal = np.array(grid.direction).reshape(3, 3)[:, 2]
    assert np.degrees(np.arccos(normal[2])) == pytest.approx(tilt_deg * (1 + 1 / 9) ** 0.5, abs=0.05)


def test_a_grid_of_a_pose_lies_near_the_anatomys_origin():
    pose = Pose(np.eye(3), (100.0, 50.0, -20.0))
    rng = np.random.default_rng(0)
    middles = np.array([ACQUISITION.draw(rng, pose).corners_mm().mean(axis=0) for _ in range(40)])
    assert np.abs(middles - (100.0, 47.0, -22.0)).max() < 16
    assert np.abs(middles.mean(axis=0) - (100.0, 47.0, -22.0)).max() < 2
