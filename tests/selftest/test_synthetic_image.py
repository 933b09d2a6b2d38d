import dataclasses

import numpy as np
import pytest

from hnseg.selftest.synthetic_image import body_channels, noise_channels


@pytest.mark.parametrize("draw", [body_channels, noise_channels])
def test_an_image_is_positive_of_the_size_asked_for_and_the_same_every_time(small_bundle, draw):
    channels = draw(small_bundle, (9, 20, 70))
    assert channels.array.shape == (1, 9, 20, 70)
    assert channels.grid.spacing_zyx_mm == (2.0, 1.0, 1.0)
    assert channels.array.min() > 0
    assert channels.array.max() <= 255
    assert np.array_equal(channels.array, draw(small_bundle, (9, 20, 70)).array)


def test_a_finer_image_has_more_voxels_of_less_spacing_in_the_plane(small_bundle):
    grid = body_channels(small_bundle, (10, 20, 30), finer=2.0).grid
    assert grid.shape_zyx == (10, 40, 60)
    assert grid.spacing_zyx_mm == (2.0, 0.5, 0.5)


def test_axes_follow_the_models_order(small_bundle):
    plans = small_bundle.plans.model_copy(update={"transpose_forward": (2, 0, 1)})
    channels = noise_channels(dataclasses.replace(small_bundle, plans=plans), (9, 20, 30))
    assert channels.grid.shape_zyx == (20, 30, 9)
    assert channels.grid.spacing_zyx_mm == (1.0, 1.0, 2.0)


def test_most_of_a_body_is_air_or_tissue_of_one_intensity(small_bundle):
    array = body_channels(small_bundle, (32, 64, 64)).array
    assert ((array == 1) | (array == 100)).mean() > 0.8
    assert len(np.unique(array)) > 10
