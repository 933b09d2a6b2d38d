"""Monte Carlo dropout: what is dropped, by which seed, and what is left as it was."""

import pytest
import torch
from torch import nn

from hnseg.inference.further.dropout import dropout_seed, has_dropout, with_dropout
from hnseg.inference.model.bundle import open_bundle


@pytest.fixture
def network():
    """Return a network of two dropout layers, of which the second never drops, around a batch norm."""
    return nn.Sequential(nn.Dropout3d(0.5), nn.BatchNorm3d(64), nn.Dropout(0.0), nn.Dropout(0.5)).eval()


def passed(network, batch, seeds):
    with torch.inference_mode(), with_dropout(network, seeds):
        return network(batch)


BATCH = torch.ones(3, 64, 2, 2, 2)


def test_whole_features_and_single_voxels_are_dropped_as_in_training(network):
    found = passed(network, BATCH, [1, 2, 3])
    assert set(found.unique().round(decimals=3).tolist()) == {0.0, 4.0}
    assert 0.15 < (found > 0).float().mean() < 0.35
    features = (found > 0).flatten(start_dim=2).any(dim=2).float().mean()
    assert 0.3 < features < 0.7  # 3-D dropout drops half of them whole; of others a voxel in 256 at most is left none


def test_a_tile_is_dropped_by_its_own_seed_whatever_passes_with_it(network):
    together = passed(network, BATCH, [7, 8, 7])
    assert torch.equal(together[0], together[2])
    assert not torch.equal(together[0], together[1])
    assert torch.equal(passed(network, BATCH[:1], [8])[0], together[1])


def test_everything_else_stays_as_it_was(network):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    statistics = network[1].running_mean.clone()
    passed(network, BATCH, [1, 2, 3])
    assert torch.equal(torch.rand(4), expected)
    assert not any(module.training for module in network.modules())
    assert torch.equal(network[1].running_mean, statistics)
    with torch.inference_mode():
        assert len(network(BATCH).unique()) == 1


def test_a_pass_that_fails_leaves_no_dropout_behind(network):
    with pytest.raises(RuntimeError):
        passed(network, torch.ones(3, 5, 2, 2, 2), [1, 2, 3])
    with torch.inference_mode():
        assert len(network(BATCH).unique()) == 1


def test_seeds_differ_by_member_and_tile():
    seeds = {dropout_seed(number, first) for number in range(4) for first in ((0, 0, 0), (0, 0, 8), (0, 8, 0))}
    assert len(seeds) == 12
    assert dropout_seed(1, (2, 3, 4)) == dropout_seed(1, (2, 3, 4))


@pytest.mark.parametrize("probability", [0.0, 0.1])
def test_a_model_says_whether_it_has_any(make_model, probability):
    assert has_dropout(open_bundle(make_model(dropout=probability))) == (probability > 0)
