"""Blur beside TorchIO, and by hand."""

import numpy as np
import pytest

from hnseg.robustness.perturbations.blur import Blur, blur_by, draw_blur
from tests.support.smooth_volumes import NORMALISED, SHAPES_ZYX


@pytest.mark.parametrize("spacing_zyx_mm", [(1.0, 1.0, 1.0), (3.0, 1.0, 0.8)])
@pytest.mark.parametrize("normalised", NORMALISED)
@pytest.mark.parametrize("shape", SHAPES_ZYX)
def test_it_is_torchios(ask, shape, normalised, spacing_zyx_mm):
    volume = NORMALISED[normalised](shape)
    drawn = [draw_blur(severity, np.random.default_rng(severity)) for severity in (1, 2, 3)]
    answer = ask(volume, drawn, spacing_zyx_mm)
    for blur, expected in zip(drawn, answer.arrays, strict=True):
        np.testing.assert_allclose(blur_by(volume, blur, spacing_zyx_mm), expected, atol=1e-6)


@pytest.mark.parametrize(("severity", "smallest", "largest"), [(1, 0, 2), (2, 1, 3), (3, 2, 4)])
def test_widths_are_drawn_as_published(severity, smallest, largest):
    rng = np.random.default_rng(0)
    widths = np.array([draw_blur(severity, rng).sigma_xyz_mm for _ in range(400)])
    assert smallest <= widths.min() < widths.max() <= largest
    np.testing.assert_allclose(widths.mean(axis=0), (smallest + largest) / 2, rtol=0.06)
    assert abs(np.corrcoef(widths.T)[0, 1]) < 0.15  # axes are independent


def test_a_width_is_in_mm_along_its_own_axis():
    volume = np.zeros((1, 1, 81), np.float32)
    volume[0, 0, 40] = 1
    line = blur_by(volume, Blur(sigma_xyz_mm=(3.0, 1.0, 2.0)), (1.0, 1.0, 0.5))[0, 0]
    offsets_mm = (np.arange(81) - 40) * 0.5
    assert line.sum() == pytest.approx(1, rel=1e-5)
    assert np.sqrt((line * offsets_mm**2).sum()) == pytest.approx(3, rel=0.01)
