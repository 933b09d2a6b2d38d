"""Start of a prediction: images that are refused, and the memory layout that is chosen."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from hnseg.errors import InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.inference import predictor
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict, start_prediction
from tests.support.small_ensembles import GRID, logits_of, noise, with_networks


class Constant(nn.Module):
    """Network that gives every voxel the same logits."""

    def forward(self, batch):
        return torch.tensor([-1.0, 2.5, 2.0]).reshape(1, 3, 1, 1, 1).expand(len(batch), 3, *batch.shape[2:])


@pytest.mark.parametrize("size_xyz", [(1, 1, 1), (5, 40, 3), (32, 32, 8), (33, 71, 9)])
def test_a_constant_network_gives_a_constant_label_map_of_any_size(five, size_xyz):
    constant = with_networks(five, (Constant(),) * 2)
    grid = dataclasses.replace(GRID, size_xyz=size_xyz, spacing_mm=(1.3, 0.7, 1.9))
    ones = Channels(np.ones((2, *grid.shape_zyx), np.float32), grid)
    assert np.abs(logits_of(constant, ones, Effort()) - np.array([-1, 2.5, 2]).reshape(3, 1, 1, 1)).max() <= 1e-5
    assert np.unique(array_of(predict(constant, ones, Deadline.never()).label_map)).tolist() == [1]


def test_another_number_of_channels_is_refused(five):
    sentence = r"must have the 2 channels of the model in .* \(T2w, noNorm\), but has 3\."
    with pytest.raises(ModelError, match=sentence):
        predict(five, noise(GRID.size_xyz, count=3), Deadline.never())


def test_an_image_larger_than_memory_is_refused_before_any_of_it_is_taken(five, channels, monkeypatch):
    monkeypatch.setattr(predictor, "free_ram_gib", lambda: 0.001)
    sentence = (
        r"The image must fit into memory, but with \(72, 32, 8\) voxels.* needs about 0\.\d+ GiB and 0\.001 GiB are"
    )
    with pytest.raises(InputError, match=sentence):
        predict(five, channels, Deadline.never())


def test_an_image_thinner_than_a_voxel_is_refused(five):
    with pytest.raises(InputError, match=r"must be at least one voxel of the model, \(2.0, 1.0, 1.0\) mm, along each"):
        predict(five, noise((72, 32, 1), (1.0, 1.0, 0.5)), Deadline.never())


def test_a_prediction_knows_the_size_of_its_label_map(five):
    prediction = start_prediction(five, noise((30, 20, 10), (2.0, 2.0, 4.0)), Deadline.never())
    size = prediction.schedule.size
    assert (size.planes, size.cropped_voxels, size.voxels, size.outputs) == (20, 6000, 6000, 3)
    assert prediction.seconds["preprocessing"] > 0
