"""Folds and copies of one ensemble: their logits and the mean of these."""

import numpy as np
import pytest

from hnseg.imaging.channels import Channels
from hnseg.inference.planning.effort import Effort, TileEffort
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


def test_the_first_copy_is_the_tile_itself_and_without_mirroring_the_only_one(five):
    axes = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
    assert five.mirrors(Effort()) == axes
    assert five.mirrors(PLAIN) == ((),)
    assert (five.full_effort(Effort()), five.full_effort(PLAIN)) == (TileEffort(5, 8), TileEffort(5, 1))
