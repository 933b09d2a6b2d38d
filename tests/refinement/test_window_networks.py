"""Networks on a window: the mean over folds and mirrored copies, and numbers that are not finite."""

import numpy as np
import pytest
import torch
from torch import nn

from hnseg.errors import ModelError
from hnseg.inference.planning.effort import Effort
from hnseg.inference.preprocessing.preprocess import place
from hnseg.refinement.window_networks import WindowNetworks
from tests.support.clicked_ensembles import by_hand, image


@pytest.fixture
def tile():
    return torch.from_numpy(np.random.default_rng(4).normal(size=(3, 8, 32, 32)).astype(np.float32))


def networks_of(ensemble, effort):
    return WindowNetworks.of(ensemble, place(image(), ensemble.bundle.plans, ensemble.bundle.configuration), effort)


def test_the_mean_is_over_folds_and_mirrored_copies(untrained, tile):
    networks = networks_of(untrained, Effort())
    found = networks.logits(tile, (0, 1))
    own = []
    with torch.inference_mode():
        for network in untrained.backend.networks:
            for axes in untrained.mirrors(Effort()):
                dims = [axis + 2 for axis in axes]
                own.append(network(tile[None].flip(dims)).flip(dims)[0])
    assert len(own) == 16
    np.testing.assert_allclose(found, torch.stack(own).mean(dim=0).numpy(), atol=1e-5)


def test_one_fold_is_asked_alone(untrained, tile):
    networks = networks_of(untrained, Effort(mirroring=False))
    assert networks.folds == 2
    with torch.inference_mode():
        expected = untrained.backend.networks[1](torch.stack([tile]))[0].numpy()
    np.testing.assert_allclose(networks.logits(tile, (1,)), expected, atol=1e-5)


def test_logits_that_are_not_finite_are_refused(untrained, tile):
    class Diverged(nn.Module):
        def forward(self, batch):
            return batch * float("nan")

    with pytest.raises(ModelError, match="The logits of every fold must be finite numbers"):
        networks_of(by_hand(untrained, Diverged()), Effort()).logits(tile, (0,))
