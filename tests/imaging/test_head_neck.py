import numpy as np
import pytest

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.head_neck import find_head_and_neck
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between

WHOLE_BODY = ((-260, -180, -1100), (260, 220, 170))
HEAD = ((-110, -110, -130), (110, 120, 20))
NECK = ((-110, -110, -257), (110, 120, -160))
DIRECTIONS = pytest.mark.parametrize(
    "direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"]
)


def found_on(figure, extent, *, direction=LPS, spacing_mm=(6, 6, 7), pet_extent=WHOLE_BODY, has_pet=True):
    """Return the region, its grid, and the CT's."""
    grid = grid_between(*extent, spacing_mm, direction)
    pet = figure.pet(grid_between(*pet_extent, (8, 8, 8))) if has_pet else None
    region = find_head_and_neck(coarse_ct_of(figure.ct(grid)), pet)
    return region, region.box.grid_in(grid), grid


def edges_mm(grid):
    """Return the box's two corners in the world, edge to edge, of a grid without a tilt."""
    last = np.array(grid.size_xyz) - 0.5
    corners = grid.points_mm(np.array([[-0.5, -0.5, -0.5], last]))
    return corners.min(axis=0), corners.max(axis=0)


def assert_around_the_head(grid):
    """Check the box by hand: 200 x 200 x 310 mm from the crown at 0 down, its middle at x = 0, and at y = 0 to 15."""
    low, high = edges_mm(grid)
    np.testing.assert_allclose(high - low, (200, 200, 310), atol=7)
    assert high[2] == pytest.approx(4, abs=8)  # the crown, and a slice that it may be off
    assert (low[0] + high[0]) / 2 == pytest.approx(0, abs=6)
    assert (low[1] + high[1]) / 2 == pytest.approx(5, abs=12)


@pytest.mark.parametrize("has_pet", [True, False], ids=["PET", "no PET"])
@pytest.mark.parametrize("arms_up", [True, False], ids=["arms up", "no arms"])
@pytest.mark.parametrize("direction", [LPS, FLIPPED, SWAPPED], ids=["straight", "flipped", "swapped"])
def test_the_head_of_a_whole_body_is_found(direction, arms_up, has_pet):
    figure = Figure(arms_up=arms_up)
    region, grid, whole = found_on(figure, WHOLE_BODY, direction=direction, has_pet=has_pet)
    assert_around_the_head(grid)
    # An ellipsoid of 63 x 80 x 92 mm down to 40 mm below its middle has 1565 ml.
    assert 1250 < float(region.why.partition(" ml")[0].split()[-1]) < 1850
    assert region.why.startswith("the uptake of" if has_pet else "the skull, with")
    assert region.box.size_xyz != whole.size_xyz


@pytest.mark.parametrize("has_pet", [True, False], ids=["PET", "no PET"])
def test_the_box_of_a_tilted_image_has_the_head_in_it(has_pet):
    region, grid, _ = found_on(Figure(arms_up=True), WHOLE_BODY, direction=TILTED, has_pet=has_pet)
    np.testing.assert_allclose(np.multiply(region.box.size_xyz, grid.spacing_mm), (200, 200, 310), atol=7)
    in_the_head = np.array([[0, -90, -110], [0, 90, -110], [70, 0, -110], [-70, 0, -110], [0, 0, -3], [0, 15, -250]])
    index = grid.index_xyz(in_the_head.astype(float))
    assert ((index > -0.5) & (index < np.array(grid.size_xyz) - 0.5)).all()


def test_a_brain_without_uptake_leaves_it_to_the_skull_and_not_to_the_liver_or_the_bladder():
    region, grid, _ = found_on(Figure(arms_up=True, brain_suv=1.0), WHOLE_BODY)
    assert_around_the_head(grid)
    assert region.why.startswith("the skull")


def test_without_brain_and_skull_the_upper_end_of_the_body_is_taken():
    region, grid, _ = found_on(Figure(has_skull=False), WHOLE_BODY, has_pet=False)
    assert_around_the_head(grid)
    assert region.why == "the upper end of the body on the CT"


@DIRECTIONS
@pytest.mark.parametrize("extent", [HEAD, NECK], ids=["head", "neck"])
def test_an_image_smaller_than_the_box_keeps_its_head_or_neck(direction, extent):
    region, grid, whole = found_on(Figure(), extent, direction=direction, spacing_mm=(4, 5, 6))
    assert all(first >= 0 for first in region.box.index_xyz)
    ends = np.add(region.box.index_xyz, region.box.size_xyz)
    assert (ends <= whole.size_xyz).all()
    before, after = (np.count_nonzero(array_of(Figure().ct(one)) > -300) for one in (whole, grid))
    assert after > 0.95 * before  # a tilted neck shows a corner of the shoulders


def test_a_pet_of_the_chest_does_not_move_the_box():
    region, grid, _ = found_on(Figure(), WHOLE_BODY, pet_extent=((-260, -180, -700), (260, 220, -350)))
    assert_around_the_head(grid)
    assert region.why.startswith("the skull")


def test_air_above_the_head_is_left_out():
    _, grid, _ = found_on(Figure(), ((-120, -120, -420), (120, 130, 300)), has_pet=False)
    assert edges_mm(grid)[1][2] == pytest.approx(4, abs=8)


def test_an_image_of_air_is_kept_whole():
    grid = Grid((20, 20, 20), (4, 4, 4), (0.0, 0.0, 0.0), LPS)
    region = find_head_and_neck(coarse_ct_of(image_of(np.full(grid.shape_zyx, -1000, np.int16), grid)), None)
    assert (region.box.index_xyz, region.box.size_xyz) == ((0, 0, 0), (20, 20, 20))
    assert region.why == "the whole image, since no body was found on it"
