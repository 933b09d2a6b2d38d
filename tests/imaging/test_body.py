import numpy as np
import pytest

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, image_of
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between

HEAD_NECK = ((-120, -120, -300), (120, 130, 40))


@pytest.mark.parametrize("direction", [LPS, FLIPPED, SWAPPED], ids=["straight", "flipped", "swapped"])
def test_a_coarse_ct_goes_left_back_and_up_whatever_the_image_does(direction):
    grid = grid_between(*HEAD_NECK, (3, 2, 5), direction)
    coarse = coarse_ct_of(Figure().ct(grid))
    assert coarse.grid.direction == LPS
    assert coarse.ct_grid == grid
    where = coarse.grid.points_mm(np.argwhere(coarse.body)[:, ::-1].astype(float))
    np.testing.assert_allclose(where.max(axis=0), (200 / 2 + 20, 130, 0), atol=6)  # shoulders to the edge; the crown


def test_the_axes_of_a_tilted_image_stay_its_own():
    grid = grid_between(*HEAD_NECK, (3, 2, 5), TILTED)
    coarse = coarse_ct_of(Figure().ct(grid))
    assert coarse.grid.direction == pytest.approx(TILTED)
    assert coarse.grid.spacing_mm == (4, 4, 5)


def test_the_body_has_neither_holes_nor_a_couch():
    grid = Grid((40, 40, 12), (4, 4, 4), (0.0, 0.0, 0.0), LPS)
    hu = np.full(grid.shape_zyx, -1000, np.int16)
    hu[:, 5:25, 5:35] = 40
    hu[:, 10:14, 10:14] = -900  # the airway
    hu[:, 25:26, 2:38] = 300  # the couch's shell, on which the body lies
    hu[:, 30:33, 10:30] = 100  # something thick beside it
    body = coarse_ct_of(image_of(hu, grid)).body
    expected = np.zeros_like(body)
    expected[:, 5:25, 5:35] = True
    assert (body != expected).sum() <= 12 * (4 + 30)  # corners and the row that touches the couch


def test_how_much_of_the_body_another_image_covers():
    grid = Grid((40, 40, 40), (4, 4, 4), (0.0, 0.0, 0.0), LPS)
    hu = np.full(grid.shape_zyx, -1000, np.int16)
    hu[:, 10:30, 10:30] = 40  # 40 x 20 x 20 voxels of 0.064 ml, less the corners that opening takes
    coarse = coarse_ct_of(image_of(hu, grid))
    lower_quarter = Grid((40, 40, 5), (4, 4, 8), (0.0, 0.0, 2.0), LPS)  # slices 0 to 9
    values = coarse.values_inside(image_of(np.indices(lower_quarter.shape_zyx)[0], lower_quarter))
    assert len(values) / np.count_nonzero(coarse.body) == pytest.approx(0.25)
    assert np.unique(values).tolist() == [0, 1, 2, 3, 4]
    elsewhere = Grid((9, 9, 9), (4, 4, 4), (500.0, 0.0, 0.0), LPS)
    assert len(coarse.values_inside(image_of(np.ones(elsewhere.shape_zyx), elsewhere))) == 0


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_a_voxel_of_the_ct_finds_its_nearest_coarse_voxel(direction):
    grid = grid_between(*HEAD_NECK, (3, 2, 5), direction)
    coarse = coarse_ct_of(Figure().ct(grid))
    nearest = coarse.nearest(np.arange(coarse.body.size).reshape(coarse.body.shape))
    rng = np.random.default_rng(0)
    for z in (0, 7, grid.shape_zyx[0] - 1):
        y, x = (rng.integers(0, n, 50) for n in grid.shape_zyx[1:])
        index = coarse.grid.index_xyz(grid.points_mm(np.column_stack([x, y, np.full(50, z)]).astype(float)))
        cx, cy, cz = np.clip(np.rint(index), 0, np.array(coarse.grid.size_xyz) - 1).astype(int).T
        found = np.unravel_index(nearest.at(z, y, x), coarse.body.shape)
        assert all((np.abs(a - b) <= 1).all() for a, b in zip(found, (cz, cy, cx), strict=True))
        assert np.mean([(a == b).mean() for a, b in zip(found, (cz, cy, cx), strict=True)]) > 0.9  # but for halves


def test_air_has_no_body():
    grid = Grid((9, 9, 9), (4, 4, 4), (0.0, 0.0, 0.0), LPS)
    coarse = coarse_ct_of(image_of(np.full(grid.shape_zyx, -1000, np.int16), grid))
    assert not coarse.body.any()
    assert len(coarse.values_inside(image_of(np.ones(grid.shape_zyx), grid))) == 0
