"""Placement of the network's grid, and the network's input, by hand; parity with nnU-Net is in test_parity."""

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.preprocessing.preprocess import place, preprocess


@pytest.fixture(scope="module")
def bundle(make_model):
    """Return a model of 2 x 1 x 1 mm voxels whose first channel is z-scored and whose second is left as it is."""
    return open_bundle(make_model())


def channels_of(array, spacing_mm):
    grid = Grid(array.shape[:0:-1], spacing_mm, (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    return Channels(array.astype(np.float32), grid)


def placed(bundle, channels):
    return place(channels, bundle.plans, bundle.configuration)


def test_the_image_is_cropped_to_what_is_not_zero_in_every_channel(bundle):
    array = np.zeros((2, 6, 8, 9))
    array[0, 1, 2:5, 4] = 1
    array[1, 3, 3, 7] = 1
    placement = placed(bundle, channels_of(array, (1.0, 1.0, 2.0)))
    assert placement.crop == (slice(1, 4), slice(2, 5), slice(4, 8))
    assert placement.cropped_shape == placement.network_shape == (3, 3, 4)


def test_an_image_of_zeros_is_not_cropped(bundle):
    assert placed(bundle, channels_of(np.zeros((2, 6, 8, 9)), (1.0, 1.0, 2.0))).cropped_shape == (6, 8, 9)


def test_the_network_s_grid_has_the_extent_of_the_cropped_image(bundle):
    placement = placed(bundle, channels_of(np.ones((2, 6, 8, 9)), (0.5, 2.0, 3.0)))
    assert placement.image_mm == (3.0, 2.0, 0.5)
    assert placement.network_mm == (2.0, 1.0, 1.0)
    assert placement.network_shape == (9, 16, 4)  # 18 mm, 16 mm, and 4.5 mm, rounded to even


def test_less_than_half_a_voxel_of_the_network_is_refused(bundle):
    with pytest.raises(InputError, match=r"but what is not zero in it measures \[0\.9, 8\.0, 9\.0\] mm"):
        placed(bundle, channels_of(np.ones((2, 1, 8, 9)), (1.0, 1.0, 0.9)))


@pytest.mark.parametrize("mm", [1e-300, 1e-3, 1e7, 1e18, 1e308, np.inf, np.nan, 0.0, -1.0])
@pytest.mark.parametrize("axis", [0, 2])
def test_a_spacing_that_no_image_has_is_refused_before_anything_is_allocated(bundle, mm, axis):
    spacing_mm = [1.0, 1.0, 2.0]
    spacing_mm[axis] = mm
    with pytest.raises(InputError, match=r"along each axis and at most 1048576 of them, but .* Is the spacing in the"):
        placed(bundle, channels_of(np.ones((2, 6, 8, 9)), tuple(spacing_mm)))


def test_each_channel_is_normalised_by_its_own_scheme_and_the_image_left_as_it_is(bundle):
    array = np.arange(2 * 2 * 3 * 4, dtype=np.float32).reshape(2, 2, 3, 4) + 1
    channels = channels_of(array, (1.0, 1.0, 2.0))
    before = channels.array.copy()
    found = preprocess(channels.array, placed(bundle, channels), bundle.plans, bundle.configuration)
    assert found.dtype == np.float32
    assert np.allclose(found[0], (array[0] - array[0].mean()) / array[0].std(), atol=1e-5)
    assert np.array_equal(found[1], array[1])
    assert np.array_equal(channels.array, before)
