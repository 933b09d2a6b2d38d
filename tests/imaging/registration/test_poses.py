import numpy as np
import pytest

from hnseg.imaging.registration.agreement import apart_mm, moved
from hnseg.imaging.registration.poses import inverse, placed, rotation_deg, shifted, turned

POINTS = np.random.default_rng(0).normal(0, 50, (40, 3))


def test_points_move_as_simpleitk_moves_them(pose):
    transform = pose((10, -20, 30), (1, 2, 3), centre_mm=(7.0, 8.0, -9.0))
    np.testing.assert_allclose(moved(POINTS, transform), [transform.TransformPoint(p.tolist()) for p in POINTS])


def test_placed_pose_takes_the_centre_to_the_target():
    centre, target = np.array([1.0, 2.0, 3.0]), np.array([-4.0, 7.0, 100.0])
    np.testing.assert_allclose(moved(POINTS, placed(centre, target)), POINTS + target - centre)
    np.testing.assert_allclose(moved(centre[None], turned(placed(centre, target), axis=2, by_deg=33)), [target])


def test_inverse_undoes_a_pose(pose):
    transform = pose((10, -20, 30), (100, -2, 3), centre_mm=(7.0, 8.0, -9.0))
    np.testing.assert_allclose(moved(moved(POINTS, transform), inverse(transform)), POINTS, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turned_pose_is_turned_by_the_angle_and_leaves_the_first_one_alone(pose, axis):
    start = pose((0, 0, 0), (5, 5, 5))
    assert rotation_deg(turned(start, axis=axis, by_deg=-8)) == pytest.approx(8)
    assert rotation_deg(turned(turned(start, axis=axis, by_deg=50), axis=axis, by_deg=60)) == pytest.approx(110)
    assert rotation_deg(start) == 0


def test_shifted_pose_moves_every_point_by_the_same(pose):
    start = pose((10, -20, 30), (5, 5, 5))
    moves = moved(POINTS, shifted(start, axis=1, by_mm=10)) - moved(POINTS, start)
    np.testing.assert_allclose(moves, np.tile((0, 10, 0), (len(POINTS), 1)), atol=1e-9)
    assert apart_mm(POINTS, start, shifted(start, axis=2, by_mm=-3)) == pytest.approx(3)
