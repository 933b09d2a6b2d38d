"""Ghosts beside TorchIO, and by hand."""

import numpy as np
import pytest

from hnseg.robustness.perturbations.ghosting import Ghosting, add_ghosts, draw_ghosting
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX


@pytest.mark.parametrize("normalised", NORMALISED)
@pytest.mark.parametrize("shape", SHAPES_ZYX)
def test_they_are_torchios(ask, shape, normalised):
    volume = NORMALISED[normalised](shape)
    rng = np.random.default_rng(0)
    drawn = [draw_ghosting(severity, rng) for severity in (1, 2, 3) for _ in range(3)]
    # Planes that are restored, an intensity that turns the sign, and a number of ghosts that hits frequency 0.
    drawn += [Ghosting(axis=axis, ghosts=3, intensity=1.7, restored=0.4) for axis in "xyz"]
    drawn += [Ghosting(axis=axis, ghosts=2, intensity=0.5, restored=0.02) for axis in "xyz"]
    answer = ask(volume, drawn)
    for ghosting, expected in zip(drawn, answer.arrays, strict=True):
        np.testing.assert_allclose(add_ghosts(volume, ghosting), expected, atol=4e-6)


@pytest.mark.parametrize(
    ("severity", "ghosts", "intensity", "restored"),
    [(1, (4, 10), (0.5, 1), 0.02), (2, (6, 15), (0.7, 1.5), 0.04), (3, (8, 20), (1, 2), 0.06)],
)
def test_they_are_drawn_as_published(severity, ghosts, intensity, restored):
    rng = np.random.default_rng(0)
    drawn = [draw_ghosting(severity, rng) for _ in range(400)]
    assert {each.ghosts for each in drawn} == set(range(ghosts[0], ghosts[1] + 1))
    assert {each.axis for each in drawn} == set("xyz")
    assert {each.restored for each in drawn} == {restored}
    intensities = [each.intensity for each in drawn]
    assert intensity[0] <= min(intensities) < max(intensities) <= intensity[1]
    np.testing.assert_allclose(np.mean(intensities), np.mean(intensity), rtol=0.05)


def test_every_other_plane_taken_away_makes_one_ghost_half_an_image_away():
    volume = np.zeros((8, 4, 4), np.float32)
    volume[1] = 1
    # Of 8 frequencies -4 to 3 the even ones are taken away: what is left repeats after 4 voxels with another sign.
    found = add_ghosts(volume, Ghosting(axis="z", ghosts=2, intensity=1.0, restored=0.0))
    np.testing.assert_allclose(found[:, 0, 0], [0, 0.5, 0, 0, 0, -0.5, 0, 0], atol=1e-6)
