import numpy as np
import pytest

from hnseg.imaging.body_frame import body_frame_of
from hnseg.imaging.geometry import Grid, image_of
from tests.support.figure import LPS

GRID = Grid((60, 50, 60), (4.0, 4.0, 5.0), (0.0, 0.0, 0.0), LPS)
AIR, TISSUE = -1000, 40


def person():
    """Return a CT of a trunk up to z = 100, a head on it from there to 250, and air above; (z, y, x)."""
    hu = np.full(GRID.shape_zyx, AIR, np.int16)
    hu[:21, 10:40, 5:55] = TISSUE  # the middle is at x = 118, y = 98
    hu[21:51, 15:35, 20:40] = TISSUE  # the same x; y = 98
    return hu


def position(hu, point, grid=GRID):
    return body_frame_of(image_of(hu, grid)).position_mm(np.array(point))


def test_x_and_y_count_from_the_middle_and_z_from_the_crown():
    assert position(person(), (130.0, 90.0, 200.0)) == pytest.approx((12.0, -8.0, 50.0))


def test_a_crop_leaves_positions_in_it_as_they_are():
    first = (10, 8, 24)  # of x, y, z: the trunk's sides and its lower part are cut off
    hu = person()[first[2] :, first[1] : -8, first[0] : -10]
    grid = Grid((40, 34, 36), GRID.spacing_mm, (40.0, 32.0, 120.0), LPS)
    assert position(hu, (130.0, 90.0, 200.0), grid) == pytest.approx(position(person(), (130.0, 90.0, 200.0)))


def test_arms_beside_and_above_the_head_are_no_part_of_it():
    hu = person()
    hu[15:58, 15:35, 5:10] = hu[15:58, 15:35, 50:55] = TISSUE  # both arms, raised
    hu[54:58, 15:35, 5:55] = TISSUE  # hands above the head
    assert position(hu, (130.0, 90.0, 200.0)) == pytest.approx((12.0, -8.0, 50.0))


def test_a_couch_is_no_part_of_the_body():
    hu = person()
    hu[:, 44, 5:55] = TISSUE
    assert position(hu, (130.0, 90.0, 200.0)) == pytest.approx((12.0, -8.0, 50.0))


def test_a_scan_that_ends_in_the_body_has_its_top_there():
    hu = person()[:41]
    grid = Grid((60, 50, 41), GRID.spacing_mm, GRID.origin_mm, LPS)
    assert position(hu, (130.0, 90.0, 200.0), grid)[2] == pytest.approx(0.0)


@pytest.mark.parametrize("point", [(130.0, 90.0, 290.0), (130.0, 90.0, 900.0), (-500.0, 90.0, 200.0)])
def test_a_point_outside_the_body_has_a_position_too(point):
    assert np.isfinite(position(person(), point)).all()


def test_an_mr_has_its_body_where_it_is_bright():
    rng = np.random.default_rng(2)
    signal = np.where(person() == TISSUE, rng.normal(300, 80, GRID.shape_zyx), 0)
    noise = np.abs(rng.normal(0, 15, GRID.shape_zyx))
    mr = np.hypot(signal, noise).astype(np.float32)
    mr[20, 12:14, 4:56] = -400  # overshoot at an edge
    assert position(mr, (130.0, 90.0, 200.0)) == pytest.approx((12.0, -8.0, 50.0))


@pytest.mark.parametrize("value", [AIR, 0, 7.5, np.nan])
def test_an_image_without_contrast_has_no_body(value):
    assert body_frame_of(image_of(np.full(GRID.shape_zyx, value, np.float32), GRID)) is None
