"""Points of origin on hand-made target volumes: always in their region, likelier where the PET is high."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import Grid
from hnseg.phantom.challenges.recurrence.origins import draw_origin, pet_gtv
from hnseg.phantom.challenges.recurrence.regions import PER_HUNDRED
from hnseg.phantom.challenges.recurrence.targets import Targets

GRID = Grid((50, 50, 24), (2.0, 2.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def box(margin_mm):
    """Return a box of 32 mm in the middle of the grid, wider by a margin on all sides."""
    mask = np.zeros(GRID.shape_zyx, bool)
    z, xy = 4 + margin_mm // 4, 8 + margin_mm // 2
    mask[12 - z : 12 + z, 25 - xy : 25 + xy, 25 - xy : 25 + xy] = True
    return mask


@pytest.fixture(scope="module")
def targets():
    soft = np.ones(GRID.shape_zyx, bool)
    soft[:, :4] = False
    return Targets(soft, box(0), box(4), box(8), box(16))


@pytest.fixture(scope="module")
def suv():
    """A PET that falls from 10 in the middle by 0.5 a voxel."""
    _, y, x = np.indices(GRID.shape_zyx)
    return np.clip(10 - 0.5 * np.hypot(y - 25, x - 25), 0.5, None).astype(np.float32)


def drawn(region, targets, suv, count=60, taken=()):
    rng = np.random.default_rng(8)
    return [draw_origin(rng, region, targets, suv, GRID, taken) for _ in range(count)]


def innermost(index, targets, suv):
    """Return the region of a voxel by the published definitions."""
    hot = suv[index] >= 0.41 * suv[targets.gtv].max()
    masks = {"CTV1": targets.ctv1, "CTV2": targets.ctv2, "CTV3": targets.ctv3}
    if targets.gtv[index]:
        return "PET-GTV" if hot else "GTV"
    return next((name for name, mask in masks.items() if mask[index]), "outside")


@pytest.mark.parametrize("region", PER_HUNDRED)
def test_an_origin_lies_in_its_region(targets, suv, region):
    cold_corners = np.where(np.hypot(*np.indices(GRID.shape_zyx)[1:] - 25) > 6, np.float32(2), suv)
    assert {innermost(index, targets, cold_corners) for index in drawn(region, targets, cold_corners)} == {region}


def test_origins_gather_where_the_pet_is_high(targets, suv):
    found = np.array([suv[index] for index in drawn("PET-GTV", targets, suv, 200)])
    assert np.median(found) > np.median(suv[pet_gtv(targets, suv)]) + 0.5


def test_origins_outside_are_near_the_targets_and_nearer_the_gtv_more_often(targets, suv):
    found = drawn("outside", targets, suv, 200)
    from_ctv3 = ndimage.distance_transform_edt(~targets.ctv3, sampling=(4, 2, 2))
    away_mm = np.array([from_ctv3[index] for index in found])
    assert away_mm.max() <= 30
    candidates = from_ctv3[(from_ctv3 > 0) & (from_ctv3 <= 30) & targets.soft_tissue]
    assert away_mm.mean() < candidates.mean() - 1
    assert all(targets.soft_tissue[index] for index in found)


def test_origins_keep_apart_and_none_is_drawn_where_there_is_no_room(targets, suv):
    taken = (12, 25, 25)
    for index in drawn("PET-GTV", targets, suv, 30, [taken]):
        assert np.linalg.norm(np.subtract(index, taken) * (4, 2, 2)) >= 15
    crowded = [(z, y, x) for z in (8, 12, 15) for y in range(17, 34, 4) for x in range(17, 34, 4)]
    assert drawn("PET-GTV", targets, suv, 1, crowded) == [None]


def test_pet_gtv_of_no_gtv_is_empty_and_nothing_begins_in_it(targets, suv):
    nothing = np.zeros_like(targets.gtv)
    without = Targets(targets.soft_tissue, nothing, nothing, nothing, targets.ctv3)
    assert not pet_gtv(without, suv).any()
    assert drawn("PET-GTV", without, suv, 1) == [None]
