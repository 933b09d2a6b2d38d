"""Motion beside TorchIO, and by hand."""

import numpy as np
import pytest

from hnseg.robustness.perturbations.motion import Motion, draw_motion, move
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX

UNIT_MM = (1.0, 1.0, 1.0)


def still(times, **changed):
    zeros = ((0.0, 0.0, 0.0),) * len(times)
    return Motion(**{"degrees_xyz": zeros, "translations_xyz_mm": zeros, "times": times, **changed})


@pytest.mark.parametrize("spacing_zyx_mm", [UNIT_MM, (3.0, 1.0, 0.8)])
@pytest.mark.parametrize("normalised", NORMALISED)
@pytest.mark.parametrize("shape", SHAPES_ZYX[:2])
def test_it_is_torchios(ask, shape, normalised, spacing_zyx_mm):
    volume = NORMALISED[normalised](shape)
    drawn = [draw_motion(severity, np.random.default_rng(severity)) for severity in (1, 2, 3)]
    # The middle of the spectrum lies in the first, the second and the last slab.
    turned = {"degrees_xyz": ((5.0, -9.0, 3.0),) * 2, "translations_xyz_mm": ((1.0, 2.0, -1.5),) * 2}
    drawn += [still(times, **turned) for times in ((0.6, 0.8), (0.3, 0.7), (0.1, 0.4))]
    answer = ask(volume, drawn, spacing_zyx_mm)
    for motion, expected in zip(drawn, answer.arrays, strict=True):
        np.testing.assert_allclose(move(volume, motion, spacing_zyx_mm), expected, atol=3e-6)


@pytest.mark.parametrize(("severity", "most", "poses"), [(1, 10, 2), (2, 20, 3), (3, 30, 4)])
def test_poses_are_drawn_as_published(severity, most, poses):
    rng = np.random.default_rng(0)
    drawn = [draw_motion(severity, rng) for _ in range(400)]
    for name in ("degrees_xyz", "translations_xyz_mm"):
        values = np.array([getattr(motion, name) for motion in drawn])
        assert values.shape == (400, poses, 3)
        assert -most <= values.min() < -0.95 * most
        assert 0.95 * most < values.max() <= most
        np.testing.assert_allclose(values.std(), most / np.sqrt(3), rtol=0.05)  # of a uniform distribution
    times = np.array([motion.times for motion in drawn])
    offsets = times * (poses + 1) - np.arange(1, poses + 1)
    assert 0.28 < np.abs(offsets).max() <= 0.3
    assert (np.diff(times) > 0).all()


def test_a_still_patient_is_unchanged():
    volume = NORMALISED["z-scores"]((9, 10, 11))
    np.testing.assert_allclose(move(volume, still((0.3, 0.6)), UNIT_MM), volume, atol=2e-6)


@pytest.mark.parametrize("about", ["origin", "centre"])
def test_a_pose_moves_its_own_part_of_the_spectrum(about):
    # Two slabs of 4 planes, of frequencies -4 to -1 and 0 to 3. The image is a wave of frequency -4 along z and a mean.
    # The mean's slab is that of the image as it is; the wave's is moved by 2 mm along y, one voxel.
    volume = np.zeros((8, 8, 8), np.float32)
    volume[:, 4] = 1 + np.array([1, -1] * 4)[:, np.newaxis]
    shifted = still((0.5,), translations_xyz_mm=((0.0, 2.0, 0.0),), about=about)
    found = move(volume, shifted, (1.0, 2.0, 1.0))
    np.testing.assert_allclose(found[:, 4, 3], 1, atol=1e-6)
    # A point of the result is taken from 2 mm further to the back, that of a smaller index along y.
    np.testing.assert_allclose(found[:, 5, 3], [1, -1] * 4, atol=1e-6)


def test_turning_about_the_centre_keeps_the_centre():
    distance = np.linalg.norm(np.indices((21, 21, 21)) - 10, axis=0)
    volume = np.exp(-((distance / 4) ** 2)).astype(np.float32)
    turned = still((0.3, 0.7), degrees_xyz=((0.0, 0.0, 30.0),) * 2)
    moved = {about: move(volume, turned.model_copy(update={"about": about}), UNIT_MM) for about in ("origin", "centre")}
    off = {about: np.abs(found - volume).mean() for about, found in moved.items()}
    assert off["centre"] < 0.1 * off["origin"]  # a ball in the centre looks the same from everywhere
