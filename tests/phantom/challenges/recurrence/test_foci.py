"""Foci of uptake: height and width in the PET, on its own grid and in its own steps."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.challenges.recurrence.foci import with_focus

TILTED = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), TILTED])
def test_a_focus_has_its_rise_and_half_of_it_at_half_its_width(direction):
    grid = Grid((21, 21, 21), (2.0, 2.0, 4.0), (-7.0, 3.0, 11.0), tuple(direction))
    pet = image_of(np.full(grid.shape_zyx, 0.75, np.float32), grid)
    middle = grid.points_mm(np.array([[10.0, 10.0, 10.0]]))[0]
    rise = array_of(with_focus(pet, tuple(middle.tolist()), rise_suv=2.0, fwhm_mm=8.0)) - 0.75
    assert rise[10, 10, 10] == pytest.approx(2.0)
    for off in ((10, 10, 12), (10, 8, 10), (11, 10, 10)):  # 4 mm, half the width, along each axis
        assert rise[off] == pytest.approx(1.0, abs=1 / 256)
    assert rise[0, 0, 0] == 0


def test_values_keep_to_the_steps_that_scanners_store():
    grid = Grid((9, 9, 9), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    pet = image_of(np.full(grid.shape_zyx, 0.5, np.float32), grid)
    suv = array_of(with_focus(pet, (17.0, 15.0, 16.0), rise_suv=1.3, fwhm_mm=10.0))
    assert suv.dtype == np.float32
    np.testing.assert_array_equal(suv * 256, np.rint(suv * 256))
    assert Grid.of(with_focus(pet, (17.0, 15.0, 16.0), rise_suv=1.3, fwhm_mm=10.0)) == grid
