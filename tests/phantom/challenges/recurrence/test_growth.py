"""Growth of recurrences on hand-made spaces: volume, one piece each, and nothing through a wall."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.components import component_sizes
from hnseg.imaging.geometry import Grid
from hnseg.phantom.challenges.recurrence.growth import draw_volumes, grow

GRID = Grid((40, 40, 20), (1.5, 1.5, 3.0), (10.0, -20.0, 5.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
VOXEL_MM3 = 6.75


def test_a_recurrence_has_its_volume_and_grows_about_its_origin():
    origin = (10, 20, 20)
    labels = grow(np.random.default_rng(0), [origin], [4000.0], np.ones(GRID.shape_zyx, bool), GRID)
    assert (labels == 1).sum() == round(4000 / VOXEL_MM3)
    assert component_sizes(labels == 1, connectivity=6).tolist() == [round(4000 / VOXEL_MM3)]
    away_mm = np.linalg.norm((np.argwhere(labels == 1) - origin) * (3.0, 1.5, 1.5), axis=1)
    # A ball of 4 cc has a radius of 9.8 mm; this one is uneven, but no thread.
    assert 9.8 < away_mm.max() < 20
    assert labels[origin] == 1


def test_no_recurrence_grows_through_a_wall():
    space = np.ones(GRID.shape_zyx, bool)
    space[:, :, 24] = False
    labels = grow(np.random.default_rng(1), [(10, 20, 20)], [20000.0], space, GRID)
    assert (labels[:, :, :24] == 1).any()
    assert not labels[:, :, 24:].any()


def test_a_closed_space_is_filled_and_the_volume_is_less():
    space = np.zeros(GRID.shape_zyx, bool)
    space[8:12, 15:20, 15:20] = True
    labels = grow(np.random.default_rng(1), [(10, 17, 17)], [5000.0], space, GRID)
    np.testing.assert_array_equal(labels == 1, space)


def test_recurrences_side_by_side_stay_pieces_of_their_own():
    origins = [(10, 20, 15), (10, 20, 25), (6, 30, 20)]
    labels = grow(np.random.default_rng(2), origins, [6000.0] * 3, np.ones(GRID.shape_zyx, bool), GRID)
    assert [labels[origin] for origin in origins] == [1, 2, 3]
    assert len(component_sizes(labels > 0, connectivity=26)) == 3


def test_equal_seeds_give_equal_voxels():
    one, other = (
        grow(np.random.default_rng(3), [(10, 20, 20)], [3000.0], np.ones(GRID.shape_zyx, bool), GRID) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_volumes_have_the_published_quartiles_together():
    rng = np.random.default_rng(4)
    totals = [sum(draw_volumes(rng, 1 + number % 3)) / 1000 for number in range(6000)]
    assert np.percentile(totals, [25, 50, 75]) == pytest.approx([6, 8, 18], rel=0.06)
    assert 3 <= min(totals) < max(totals) <= 45


def test_no_recurrence_has_less_than_a_third_of_another():
    rng = np.random.default_rng(5)
    for volumes in (draw_volumes(rng, 3) for _ in range(200)):
        assert len(volumes) == 3
        assert min(volumes) >= max(volumes) / 3 - 1e-6
