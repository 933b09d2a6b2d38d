import numpy as np
import pytest

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.head_signs import areas_cm2, head_signs_of, pieces
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between

SPACING = (4, 4, 5)
WHOLE_BODY = ((-260, -180, -1100), (260, 220, 60))
HEAD = ((-110, -110, -140), (110, 120, 20))
HEAD_NECK = ((-120, -120, -300), (120, 120, 20))
CHEST = ((-260, -180, -600), (260, 220, -300))
PELVIS = ((-260, -180, -800), (260, 220, -600))
LEGS = ((-260, -180, -1200), (260, 220, -850))
ONE_LEG = ((10, -80, -1200), (170, 120, -850))


def signs_on(extent, *, direction=LPS, has_skull=True, change=None):
    grid = grid_between(*extent, SPACING, direction)
    ct = Figure(has_skull=has_skull).ct(grid)
    return head_signs_of(coarse_ct_of(change(ct, grid) if change else ct))


def vertebrae(ct, grid):
    """Draw a spine 40 mm wide and 50 mm behind the airway's middle, below the skull."""
    index = np.indices(grid.shape_zyx)[::-1].reshape(3, -1).T
    x, y, z = grid.points_mm(index.astype(float)).T.reshape(3, *grid.shape_zyx)
    hu = array_of(ct)
    hu[(np.abs(x) < 20) & (y > 0) & (y < 30) & (z < -160)] = 400
    return image_of(hu, grid)


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
@pytest.mark.parametrize("extent", [WHOLE_BODY, HEAD_NECK, HEAD], ids=["whole body", "head and neck", "head"])
def test_a_head_is_seen_by_its_skull(extent, direction):
    signs = signs_on(extent, direction=direction)
    assert signs.has_skull
    assert signs.shows_head_or_neck
    assert signs.doubt() == ""
    assert signs.skull.any()


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_a_neck_is_seen_by_its_airway_before_the_spine(direction):
    neck = ((-110, -110, -257), (110, 120, -160))
    signs = signs_on(neck, direction=direction, has_skull=False, change=vertebrae)
    assert not signs.has_skull
    assert 30 < signs.airway_mm <= 105  # its wall is 1 mm thin, so that not all of it is closed on the coarse copy
    assert signs.shows_head_or_neck
    without_spine = signs_on(neck, direction=direction, has_skull=False)
    assert without_spine.airway_mm == 0
    assert not without_spine.shows_head_or_neck


@pytest.mark.parametrize("extent", [CHEST, PELVIS, LEGS, ONE_LEG], ids=["chest", "pelvis", "legs", "one leg"])
def test_another_part_of_the_body_is_doubted(extent):
    signs = signs_on(extent, change=vertebrae)
    assert not signs.shows_head_or_neck
    assert signs.doubt().startswith("The scan may not show the head and neck, since the CT has neither a skull, 0 ml")
    assert signs.record == {"is_head_or_neck": False, "skull_ml": 0.0, "airway_mm": 0.0}


def test_air_between_two_legs_is_no_airway():
    grid = grid_between(*LEGS, SPACING)
    hu = np.full(grid.shape_zyx, -1000, np.int16)
    hu[:, 30:60, 35:95] = 40
    hu[:, 40:50, 64:66] = -1000
    hu[:, 40:50, [45, 85]] = 900  # a femur to each side
    signs = head_signs_of(coarse_ct_of(image_of(hu, grid)))
    assert not signs.shows_head_or_neck


def test_air_has_no_signs():
    grid = grid_between(*HEAD, SPACING)
    signs = head_signs_of(coarse_ct_of(image_of(np.full(grid.shape_zyx, -1000, np.int16), grid)))
    assert (signs.skull_ml, signs.airway_mm, signs.skull.any()) == (0, 0, False)
    assert signs.doubt()


def test_small_pieces_do_not_count():
    grid = Grid((60, 60, 60), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), LPS)
    mask = np.zeros(grid.shape_zyx, bool)
    mask[:20, :20, :20] = True  # 64 ml
    mask[30:60, 30:60, 30:60] = True  # 216 ml
    ((piece, volume_ml),) = pieces(mask, grid)
    assert (np.count_nonzero(piece), volume_ml) == (27000, 216.0)
    assert areas_cm2(mask, grid)[[0, 25, 59]].tolist() == [16.0, 0.0, 36.0]
