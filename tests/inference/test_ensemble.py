"""Folds and copies of one ensemble: their logits and the mean of these."""

import dataclasses

import numpy as np
import pytest
import torch

from hnseg.imaging.channels import Channels
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.planning.effort import Effort, TileEffort
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_ensembles import PLAIN, logits_of, noise, only
from tests.support.tolerances import assert_same_logits


def test_every_fold_has_its_own_weights_and_other_logits(five, channels):
    single = [logits_of(only(five, fold), channels) for fold in range(5)]
    for fold in range(5):
        for other in range(fold):
            assert np.abs(single[fold] - single[other]).max() > 0.1


@pytest.mark.numeric
def test_the_ensemble_is_the_mean_of_its_folds_logits(five, channels):
    single = [logits_of(only(five, fold), channels) for fold in range(5)]
    assert_same_logits(logits_of(five, channels), np.mean(single, axis=0))


@pytest.mark.numeric
def test_mirroring_is_the_mean_over_every_combination_of_axes(five):
    # On an image of one patch, flipping the image flips the tile.
    channels = noise((32, 32, 8), (1.0, 1.0, 2.0))
    array, grid = channels.array, channels.grid
    one = only(five, 0)
    axes = [(), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3)]
    flipped = [np.flip(logits_of(one, Channels(np.flip(array, flips).copy(), grid)), flips) for flips in axes]
    assert_same_logits(logits_of(one, channels, Effort()), np.mean(flipped, axis=0))


@pytest.mark.numeric
def test_the_same_image_gives_the_same_logits(five, channels):
    assert np.array_equal(logits_of(five, channels), logits_of(five, channels))


@pytest.mark.numeric
def test_weights_that_travel_for_every_pass_give_the_same_logits(five, channels):
    streamed = dataclasses.replace(five, backend=dataclasses.replace(five.backend, is_resident=False))
    assert np.array_equal(logits_of(streamed, channels), logits_of(five, channels))


def test_the_first_copy_is_the_tile_itself_and_without_mirroring_the_only_one(five):
    axes = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
    assert five.mirrors(Effort()) == axes
    assert five.mirrors(PLAIN) == ((),)
    assert (five.full_effort(Effort()), five.full_effort(PLAIN)) == (TileEffort(5, 8), TileEffort(5, 1))


def test_the_logits_of_a_flipped_copy_are_flipped_back(small_patch):
    class Echo(SimulatedBackend):
        """Gives the first channel of each tile as its logits."""

        def logits(self, fold, batch):  # noqa: ARG002 (the protocol's)
            return batch[:, :1]

    ensemble = Ensemble(small_patch, Echo(Clock(), lambda _now_s: 0.0))
    tile = torch.arange(2 * 4 * 8 * 8.0).reshape(2, 4, 8, 8)
    outputs = list(ensemble.logits_of(0, [(tile, ()), (tile, (0, 2))]))
    assert all(torch.equal(logits, tile[:1]) for logits in outputs)


def test_the_record_names_what_computes(five):
    assert five.record == {"device": "cpu", "backend": "torch", "precision": "exact", "arithmetic": "float32"}


@pytest.mark.parametrize("count", [0, 1])
def test_networks_are_lightened_as_often_as_the_backend_can_be(small_patch, count):
    lighter = [SimulatedBackend(Clock(), lambda _now_s: 0.0, name="lighter")] * count
    ensemble = Ensemble(small_patch, SimulatedBackend(Clock(), lambda _now_s: 0.0, lighter_ones=lighter))
    assert [ensemble.lighten(), ensemble.lighten()] == [bool(count), False]
    assert ensemble.backend.name == ("lighter" if count else "simulated")
