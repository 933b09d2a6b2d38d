"""Image of a session: the network's input without clicks, and the way of a point to its voxels."""

import dataclasses

import numpy as np
import pytest
import torch

from hnseg.errors import InputError, ModelError
from hnseg.imaging.prompts.click import Click, VoxelClick
from hnseg.refinement.network_image import NetworkImage
from tests.support.clicked_ensembles import GRID, click, image


def test_channels_of_clicks_are_empty_and_the_image_is_in_its_place(untrained):
    made = NetworkImage.of(untrained.bundle, image())
    assert made.volume.shape == (3, 19, 50, 32)  # 48 x 75 x 40 mm at 2.5 x 1.5 x 1.5 mm, and padded along the last
    assert made.inner == (slice(0, 19), slice(0, 50), slice(2, 29))
    assert not made.volume[1:].any()
    assert not made.volume[0, :, :, :2].any()
    assert torch.all(made.volume[0, :, :, 2:29].abs() > 0)


def test_a_point_has_its_voxel_in_the_frame_also_where_the_image_is_cropped(untrained):
    array = image().array.copy()
    array[:, :3, :, :10] = 0
    array[:, :, :7] = 0
    made = NetworkImage.of(untrained.bundle, dataclasses.replace(image(), array=array))
    found = made.frame_index(click("GTVp", (12, 20, 6)).point_mm)
    np.testing.assert_allclose(found, (6, 13, 12), atol=1e-6)


def test_a_click_is_drawn_at_the_nearest_voxel_of_the_network(untrained):
    made = NetworkImage.of(untrained.bundle, image())
    found = made.voxel_click(click("GTVp", (0, 0, 0), is_positive=False))
    assert found == VoxelClick("GTVp", False, (0.0, 0.0, 0.0))
    last = made.voxel_click(click("GTVp", (39, 59, 23)))
    assert last.index_zyx == (18.0, 49.0, 26.0)


@pytest.mark.parametrize("index_xyz", [(-0.6, 1, 1), (1, 59.6, 1), (1, 1, 24)])
def test_a_point_outside_the_image_is_refused(untrained, index_xyz):
    made = NetworkImage.of(untrained.bundle, image())
    with pytest.raises(InputError, match="A click must lie in the image, but"):
        made.frame_index(click("GTVp", index_xyz).point_mm)
    edge = GRID.points_mm(np.array([[-0.4, 59.4, 23.4]]))[0].tolist()
    assert made.voxel_click(Click("GTVp", True, tuple(edge))).index_zyx == (18.0, 49.0, 0.0)


def test_logits_that_can_not_be_brought_to_a_part_of_the_image_are_refused(untrained):
    bundle = untrained.bundle
    cubic = bundle.configuration.resampling_of_logits.model_copy(update={"order": 3})
    configuration = bundle.configuration.model_copy(update={"resampling_of_logits": cubic})
    with pytest.raises(ModelError, match="must be a 3-D network whose logits are resampled linearly"):
        NetworkImage.of(dataclasses.replace(bundle, configuration=configuration), image())


def test_structures_of_clicks_must_be_the_models_labels(untrained):
    dataset = untrained.bundle.dataset
    prompts = dataset.prompts.model_copy(update={"structures": ("GTVp", "Tongue")})
    bundle = dataclasses.replace(untrained.bundle, dataset=dataset.model_copy(update={"prompts": prompts}))
    with pytest.raises(ModelError, match=r"must be labels of the model .* but Tongue is none"):
        NetworkImage.of(bundle, image())
