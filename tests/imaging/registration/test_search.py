import numpy as np
import pytest

from hnseg.imaging.registration import Intensities
from hnseg.imaging.registration.agreement import Samples, apart_mm
from hnseg.imaging.registration.poses import shifted
from hnseg.imaging.registration.pyramid import levels_of
from hnseg.imaging.registration.search import distinct, promising_poses, ranked

POINTS = np.random.default_rng(0).normal(0, 50, (40, 3))


def coarse(image):
    return levels_of(image, Intensities(), spacings_mm=(8.0,))[8.0]


@pytest.mark.parametrize("shift_mm", [(0, 0, 0), (900, -500, 300)], ids=str)
def test_best_pose_is_near_the_truth_however_far_the_header_is_off(heads, pose, shift_mm):
    truth = pose((0, 0, 6), shift_mm)
    smaller, larger = coarse(heads.fixed), coarse(heads.moving(truth))
    samples = Samples.of(smaller, np.ones_like(smaller.body))
    poses = promising_poses(samples, smaller, larger, smallest_overlap=0.55)
    assert apart_mm(smaller.points_mm(smaller.body), poses[0], truth) < 20


def test_poses_that_overlap_too_little_are_left_out(heads, pose):
    smaller, larger = coarse(heads.fixed), coarse(heads.moving(pose((0, 0, 0), (0, 0, 0))))
    samples = Samples.of(smaller, np.ones_like(smaller.body))
    near, far = pose((0, 0, 0), (0, 0, 0)), pose((0, 0, 0), (0, 0, 150))
    assert [entry for _, entry in ranked([far, near], samples, larger, smallest_overlap=0.55)] == [near]
    assert promising_poses(samples, smaller, larger, smallest_overlap=1.01) == []


def test_better_pose_comes_first(heads, pose):
    smaller, larger = coarse(heads.fixed), coarse(heads.moving(pose((0, 0, 0), (0, 0, 0))))
    samples = Samples.of(smaller, np.ones_like(smaller.body))
    right, off = pose((0, 0, 0), (0, 0, 0)), pose((0, 0, 0), (15, 0, 0))
    (first, best), (second, _) = ranked([off, right], samples, larger, smallest_overlap=0.5)
    assert best is right
    assert first > second


def test_poses_nearer_than_12_mm_count_once(pose):
    start = pose((0, 0, 0), (0, 0, 0))
    poses = [shifted(start, axis=0, by_mm=shift) for shift in (0, 11, -11, 13, 14, -30)]
    kept = distinct(poses, POINTS, count=9)
    assert [round(entry.GetTranslation()[0]) for entry in kept] == [0, 13, -30]
    assert len(distinct(poses, POINTS, count=2)) == 2
