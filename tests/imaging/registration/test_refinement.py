import pytest

from hnseg.imaging.registration import Intensities
from hnseg.imaging.registration.agreement import apart_mm
from hnseg.imaging.registration.poses import shifted
from hnseg.imaging.registration.pyramid import levels_of
from hnseg.imaging.registration.refinement import Descent, refined

DESCENT = Descent(iterations=60, step_mm=4.0, bins=32)


@pytest.fixture
def levels(heads, pose):
    """Both images at 4 mm, and the pose that maps the one to the other."""
    truth = pose((0, 0, 0), (5, -3, 8))
    fixed, moving = (
        levels_of(image, Intensities(), spacings_mm=(4.0,))[4.0] for image in (heads.fixed, heads.moving(truth))
    )
    return fixed, moving, truth


@pytest.mark.parametrize("near_body_only", [False, True])
def test_a_pose_6_mm_off_ends_within_1_mm(levels, near_body_only):
    fixed, moving, truth = levels
    start = shifted(truth, axis=0, by_mm=6.0)
    points_mm = fixed.points_mm(fixed.body)
    found = refined(start, fixed, moving, DESCENT, where=fixed.body if near_body_only else None)
    assert apart_mm(points_mm, start, truth) == pytest.approx(6)
    assert apart_mm(points_mm, found, truth) < 1


def test_the_given_pose_is_not_changed(levels):
    fixed, moving, truth = levels
    start = shifted(truth, axis=1, by_mm=6.0)
    before = start.GetParameters()
    refined(start, fixed, moving, DESCENT)
    assert start.GetParameters() == before


def test_a_pose_without_overlap_comes_back_as_it_was(levels):
    fixed, moving, truth = levels
    far = shifted(truth, axis=2, by_mm=5000.0)
    assert refined(far, fixed, moving, DESCENT) is far
