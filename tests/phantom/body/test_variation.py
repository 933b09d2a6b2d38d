"""Organs vary in position and size between patients."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.phantom.body.shapes import Capsule, Contour, Ellipsoid
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.variation import Change, Variation

CHANGE = Change(shift_mm=(3.0, 0.0, -2.0), stretch=(2.0, 1.0, 0.5))
MIDDLE = (10.0, 20.0, 30.0)


@pytest.mark.parametrize(
    "shape", [Ellipsoid((12, 21, 33), (3, 4, 5), 2.5), Capsule((7, 18, 28), (15, 26, 33), 4, 2, (1, 0.8, 1.5))]
)
def test_changed_shape_holds_the_changed_points(shape):
    x, y, z = np.random.default_rng(0).uniform((0, 10, 20), (25, 32, 42), (4000, 3)).T.astype(np.float32)
    moved = (10 + 2 * (x - 10) + 3, y, 30 + (z - 30) / 2 - 2)
    before, after = shape.contains(x, y, z), CHANGE.of(shape, MIDDLE).contains(*moved)
    assert before.any()
    # A point on the very surface may fall to either side when it is rounded.
    assert (before != after).sum() <= 2


def test_contour_stays_as_it_is():
    contour = Contour(((-20, 50, -40, 60), (20, 70, -40, 60)))
    assert CHANGE.of(contour, MIDDLE) is contour


def test_structures_of_an_organ_change_together_and_the_others_stay():
    ball, core, other = (
        Structure(name, Tissue.MUSCLE, (Ellipsoid((0, y, 0), (r, r, r)),))
        for name, y, r in (("Ball", 4, 8), ("Core", 5, 2), ("Other", 9, 1))
    )
    new_ball, new_other, new_core = Variation({("Ball", "Core"): CHANGE}).of([ball, other, core])
    assert new_ball.shapes[0] == Ellipsoid((3, 4, -2), (16, 8, 4))
    # The core lies 1 mm behind the ball's middle, along an axis that isn't stretched.
    assert new_core.shapes[0] == Ellipsoid((3, 5, -2), (4, 2, 1))
    assert new_other == other


def test_changes_are_small_and_every_organ_has_its_own():
    organs = [(f"Organ{number}",) for number in range(200)]
    changes = Variation.draw(np.random.default_rng(1), organs).changes
    shifts = np.array([change.shift_mm for change in changes.values()])
    stretches = np.array([change.stretch for change in changes.values()])
    assert list(changes) == organs
    assert 0.7 < shifts.std() < 1.1
    assert 0.04 < stretches.std() < 0.06
    assert abs(shifts).max() <= 2.25
    assert abs(stretches - 1).max() <= 0.125
