import numpy as np
import pytest

from hnseg.drawing.framing.body_box import SOFT_TISSUE_HU, body_box_of
from hnseg.imaging.box import Box

NOTHING = np.zeros((20, 100, 100), bool)


def on_a_couch():
    """Air with a body of 40 columns and 30 rows, and the shell of a couch below it, in voxels of 4 mm."""
    hu = np.full((20, 100, 100), -1000.0)
    hu[:, 20:50, 30:70] = 40.0
    hu[:, 55:57, 10:90] = 200.0
    return hu


def test_the_couch_and_the_air_are_left_out():
    assert body_box_of(on_a_couch(), (4.0, 4.0, 4.0), SOFT_TISSUE_HU, NOTHING) == Box((28, 18, 0), (44, 34, 20))


def test_fine_voxels_have_the_same_box_in_millimetres():
    fine = np.repeat(np.repeat(on_a_couch(), 2, axis=1), 2, axis=2)
    nothing = np.zeros_like(fine, bool)
    assert body_box_of(fine, (2.0, 2.0, 4.0), SOFT_TISSUE_HU, nothing) == Box((57, 37, 0), (86, 66, 20))


def test_what_is_segmented_outside_the_body_stays_in_the_box():
    shown = NOTHING.copy()
    shown[3, 56, 85] = True
    assert body_box_of(on_a_couch(), (4.0, 4.0, 4.0), SOFT_TISSUE_HU, shown) == Box((28, 18, 0), (58, 39, 20))


def test_an_mr_has_its_skin_a_tenth_above_black():
    mr = np.random.default_rng(0).uniform(0, 30, (20, 100, 100))
    mr[:, 20:50, 30:70] += 400
    assert body_box_of(mr, (4.0, 4.0, 4.0), (0.0, 500.0), NOTHING) == Box((28, 18, 0), (44, 34, 20))


@pytest.mark.parametrize("value", [-1000.0, 40.0], ids=["air", "tissue"])
def test_without_an_edge_the_whole_scan_is_shown(value):
    box = body_box_of(np.full((20, 100, 100), value), (4.0, 4.0, 4.0), SOFT_TISSUE_HU, NOTHING)
    assert box == Box((0, 0, 0), (100, 100, 20))
