"""Windows around clicks: where they lie, what the networks see in them, and what they decide."""

import numpy as np
import pytest

from hnseg.imaging.prompts.click import VoxelClick
from hnseg.refinement.click_window import ClickWindow
from hnseg.refinement.network_image import NetworkImage
from tests.support.clicked_ensembles import ENCODING, image


@pytest.fixture(scope="module")
def made(untrained):
    return NetworkImage.of(untrained.bundle, image())  # 19 x 50 x 27 voxels, padded to 32 along the last axis


def test_a_window_is_centred_on_the_click_and_shifted_into_the_volume(made):
    assert ClickWindow.around(made, (9, 25, 13)).box == (slice(5, 13), slice(9, 41), slice(0, 32))
    assert ClickWindow.around(made, (0, 2, 0)).box == (slice(0, 8), slice(0, 32), slice(0, 32))
    assert ClickWindow.around(made, (18, 49, 26)).box == (slice(11, 19), slice(18, 50), slice(0, 32))


def test_a_window_sees_all_clicks_that_reach_into_it_as_the_whole_image_would(made):
    clicks = [
        VoxelClick("GTVp", True, (9, 25, 13)),
        VoxelClick("GTVn", False, (4, 12, 20)),  # its ball reaches one plane into the window
        VoxelClick("GTVn", True, (0, 25, 13)),
    ]
    whole = ENCODING.draw(clicks, (19, 50, 27), (2.5, 1.5, 1.5))
    window = ClickWindow.around(made, (9, 25, 13))
    tile = window.tile(clicks)
    np.testing.assert_array_equal(tile[1:, :, :, 2:29].numpy(), whole[:, 5:13, 9:41])
    assert (whole[1, 5:13] < 0).any()
    assert not (whole[1, 5:13] > 0).any()
    assert not tile[1:, :, :, :2].any()
    np.testing.assert_array_equal(tile[0].numpy(), made.volume[0, 5:13, 9:41].numpy())
    assert not made.volume[1:].any()


def test_its_part_is_made_of_the_windows_voxels_alone(made):
    window = ClickWindow.around(made, (9, 25, 13))
    for axis, (part, own) in enumerate(
        zip(window.part.slices, (slice(5, 13), slice(9, 41), slice(0, 27)), strict=True)
    ):
        weights = made.axes[axis].weights
        inside = weights[:, own].sum(axis=1) > 1 - 1e-5
        assert np.flatnonzero(inside).tolist() == list(range(part.start, part.stop))


def test_labels_follow_the_largest_logit_of_each_voxel(made):
    window = ClickWindow.around(made, (9, 25, 13))
    logits = np.zeros((3, 8, 32, 32), np.float32)
    logits[0] = 1
    logits[2, :, :, 16:] = 3
    labels = window.labels(logits)
    assert labels.shape == tuple(part.stop - part.start for part in window.part.slices)
    assert (labels[:, :, :19] == 0).all()  # 14 of the network's voxels are 21 of the image's
    assert (labels[:, :, 23:] == 2).all()
