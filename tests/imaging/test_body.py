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
    share, volume_ml = coarse.share_inside(lower_quarter)
    assert share == pytest.approx(0.25)
    assert volume_ml == pytest.approx(0.25 * 40 * 20 * 20 * 0.064, rel=0.02)
    assert coarse.share_inside(Grid((9, 9, 9), (4, 4, 4), (500.0, 0.0, 0.0), LPS)) == (0, 0)


def test_air_has_no_body():
    grid = Grid((9, 9, 9), (4, 4, 4), (0.0, 0.0, 0.0), LPS)
    coarse = coarse_ct_of(image_of(np.full(grid.shape_zyx, -1000, np.int16), grid))
    assert not coarse.body.any()
    assert coarse.share_inside(grid) == (0, 0)
