import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.pet_ct.suvmax_volume import suvmax_in, suvmax_volume, uptake_on
from tests.support.figure import TILTED

GRID = Grid((6, 5, 4), (1.0, 1.0, 3.0), (-10.0, 5.0, 1 / 3), TILTED)


def label_map(*voxels_zyx):
    array = np.zeros(GRID.shape_zyx, np.uint8)
    for voxel in voxels_zyx:
        array[voxel] = 1
    return image_of(array, GRID)


@pytest.fixture
def pet():
    """A PET on the GTV's grid: 9 in the GTV, 20 in the brain, and 3.42 and 3.41 about 38 % of 9."""
    values = np.full(GRID.shape_zyx, 0.5, np.float32)
    values[1, 2, 2:4] = (9.0, 6.0)
    values[3, 0, 0] = 20.0
    values[2, 2, 2], values[2, 2, 3] = 3.421, 3.419
    return image_of(values, GRID)


def test_the_highest_value_inside_the_gtv_sets_the_threshold_whatever_is_brighter_elsewhere(pet):
    volume = suvmax_volume(pet, label_map((1, 2, 2), (1, 2, 3)), percent=38, brain=None).label_map
    assert Grid.of(volume) == GRID
    assert volume.GetPixelID() == sitk.sitkUInt8
    assert np.argwhere(array_of(volume)).tolist() == [[1, 2, 2], [1, 2, 3], [2, 2, 2], [3, 0, 0]]
    at_most = suvmax_volume(pet, label_map((1, 2, 3)), percent=100, brain=None).label_map
    assert np.argwhere(array_of(at_most)).tolist() == [[1, 2, 2], [1, 2, 3], [3, 0, 0]]


def test_the_brain_is_left_out(pet):
    volume = suvmax_volume(pet, label_map((1, 2, 2)), percent=38, brain=label_map((3, 0, 0))).label_map
    assert np.argwhere(array_of(volume)).tolist() == [[1, 2, 2], [1, 2, 3], [2, 2, 2]]


def test_nothing_is_predicted_outside_a_box_and_suvmax_is_that_of_the_whole_gtv(pet):
    box = Box((2, 2, 2), (2, 1, 1))  # below the brightest part of the GTV
    found = suvmax_volume(pet, label_map((1, 2, 2), (2, 2, 2)), percent=38, brain=None, box=box)
    assert np.argwhere(array_of(found.label_map)).tolist() == [[2, 2, 2]]
    assert (found.inside_gtv, found.threshold) == (9.0, pytest.approx(3.42))


def test_a_factor_of_the_pet_changes_nothing(pet):
    gtv = label_map((1, 2, 2))
    for percent in (1, 38, 100):
        wanted = array_of(suvmax_volume(pet, gtv, percent=percent, brain=None).label_map)
        found = array_of(suvmax_volume(pet * 4096, gtv, percent=percent, brain=None).label_map)
        np.testing.assert_array_equal(found, wanted)


def test_a_pet_on_its_own_grid_is_interpolated_as_simpleitk_does_and_is_0_where_it_ends(pet):
    coarse = Grid((4, 4, 2), (2.0, 2.0, 3.0), GRID.origin_mm, TILTED)
    own = image_of(np.random.default_rng(0).uniform(1, 9, coarse.shape_zyx).astype(np.float32), coarse)
    wanted = array_of(sitk.Resample(own, pet, sitk.Transform(), sitk.sitkLinear, 0.0))
    np.testing.assert_array_equal(uptake_on(own, GRID), wanted)
    assert (wanted[3] == 0).all()
    volume = suvmax_volume(own, label_map((0, 2, 2)), percent=50, brain=None).label_map
    np.testing.assert_array_equal(array_of(volume), wanted >= 0.5 * wanted[0, 2, 2])
    assert suvmax_in(wanted, label_map((0, 2, 2), (0, 0, 0))) == max(wanted[0, 2, 2], wanted[0, 0, 0])


def test_what_has_no_suvmax_is_refused(pet):
    with pytest.raises(InputError, match="The GTV must have at least one voxel, from which SUVmax is taken"):
        suvmax_volume(pet, label_map(), percent=38, brain=None)
    with pytest.raises(InputError, match="must show uptake inside the GTV, but its highest value there is 0"):
        suvmax_volume(pet * 0, label_map((1, 2, 2)), percent=38, brain=None)
    elsewhere = label_map((3, 0, 0))
    elsewhere.SetOrigin((0, 0, 0))
    with pytest.raises(InputError, match="label map of the brain must lie on the GTV's grid, but has origin"):
        suvmax_volume(pet, label_map((1, 2, 2)), percent=38, brain=elsewhere)


@pytest.mark.parametrize("percent", [0, -1, 100.1, float("nan"), float("inf")])
def test_a_percentage_is_over_0_and_at_most_100(pet, percent):
    with pytest.raises(ValueError, match="percent must be over 0 and at most 100"):
        suvmax_volume(pet, label_map((1, 2, 2)), percent=percent, brain=None)
