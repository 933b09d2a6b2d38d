"""Clicks drawn into the network's input: on its own grid, in the channel of their structure."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.imaging.prompts.click import Click
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import predict
from tests.support.small_ensembles import GRID, noise, with_networks

ENCODING = PromptEncoding(structures=("GTVp", "GTVn"), radius_mm=4.0)


class Echo(nn.Module):
    """Network that finds a structure where its channel of clicks is positive, and GTVn where the image is dark."""

    def forward(self, batch):
        image, of_gtvp, of_gtvn = batch[:, 0], batch[:, 1], batch[:, 2]
        return torch.stack([torch.full_like(image, 5.0), 10 * of_gtvp, 10 * of_gtvn - image.clamp(-1, 1)], dim=1)


@pytest.fixture
def clicked(five):
    """Return an ensemble whose network has an image's channel and those of two structures' clicks."""
    bundle = five.bundle
    names = ("T2w", *ENCODING.channel_names)
    dataset = bundle.dataset.model_copy(
        update={"channel_names": {str(number): name for number, name in enumerate(names)}, "prompts": ENCODING}
    )
    configuration = bundle.configuration.model_copy(
        update={"normalization_schemes": ("NoNormalization",) * 3, "use_mask_for_norm": (False,) * 3}
    )
    bundle = dataclasses.replace(bundle, dataset=dataset, configuration=configuration)
    return dataclasses.replace(with_networks(five, (Echo(),)), bundle=bundle)


def image_of(sign=1.0):
    """Return a channel of one sign on a grid that is the network's own."""
    return Channels(np.full((1, *GRID.shape_zyx), sign, np.float32), GRID)


def clicks_at(*clicks):
    return tuple(
        Click(structure, is_positive, tuple(GRID.points_mm(np.array([index_xyz], float))[0].tolist()))
        for structure, is_positive, index_xyz in clicks
    )


def ball(index_xyz):
    points = GRID.points_mm(np.indices(GRID.shape_zyx)[::-1].reshape(3, -1).T.astype(float))
    (middle,) = GRID.points_mm(np.array([index_xyz], float))
    return (np.linalg.norm(points - middle, axis=1) <= 4.0).reshape(GRID.shape_zyx)


def test_a_click_is_a_ball_in_the_channel_of_its_structure(clicked):
    clicks = clicks_at(("GTVp", True, (20, 10, 3)), ("GTVn", True, (60, 20, 5)))
    found = array_of(predict(clicked, dataclasses.replace(image_of(), clicks=clicks), Deadline.never()).label_map)
    np.testing.assert_array_equal(found == 1, ball((20, 10, 3)))
    np.testing.assert_array_equal(found == 2, ball((60, 20, 5)))


def test_without_clicks_the_channels_are_empty(clicked):
    assert not array_of(predict(clicked, image_of(), Deadline.never()).label_map).any()


def test_a_ball_lies_where_the_click_is_on_another_grid_too(clicked):
    grid = dataclasses.replace(GRID, size_xyz=(36, 20, 16), spacing_mm=(2.0, 1.5, 1.0))
    point = tuple(grid.points_mm(np.array([[18.0, 10.0, 8.0]]))[0].tolist())
    image = Channels(np.ones((1, *grid.shape_zyx), np.float32), grid, clicks=(Click("GTVp", True, point),))
    found = array_of(predict(clicked, image, Deadline.never()).label_map) == 1
    index_zyx = np.argwhere(found).mean(axis=0)
    np.testing.assert_allclose(index_zyx * (1.0, 1.5, 2.0), np.array([8, 10, 18]) * (1.0, 1.5, 2.0), atol=1.0)
    assert found.sum() * grid.voxel_volume_mm3 == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.25)


@pytest.mark.parametrize(("sign", "structure"), [(1.0, "GTVp"), (-1.0, "GTVn")])
@pytest.mark.parametrize("is_positive", [True, False])
def test_a_click_without_a_structure_is_that_of_the_most_probable(clicked, sign, structure, is_positive):
    clicks = clicks_at((None, is_positive, (70, 30, 7)))
    result = predict(clicked, dataclasses.replace(image_of(sign), clicks=clicks), Deadline.never())
    word, meant = ("tumor", structure) if is_positive else ("background", f"not {structure}")
    assert f"The click {word} at 73.0, 25.0, 21.0 mm was taken for {meant}." in result.notes
    found = array_of(result.label_map)
    value = {"GTVp": 1, "GTVn": 2}[structure]
    np.testing.assert_array_equal(found == value, ball((70, 30, 7)) if is_positive else np.zeros_like(found, bool))


def test_clicks_on_a_model_without_channels_for_them_are_left_out_and_said(five):
    clicks = clicks_at(("GTVp", True, (20, 10, 3)))
    image = dataclasses.replace(noise(GRID.size_xyz, GRID.spacing_mm), clicks=clicks)
    assert "The model has no channels for clicks, so that 1 clicks were left out." in predict(five, image).notes
