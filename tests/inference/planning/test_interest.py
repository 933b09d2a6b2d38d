"""Tiles that are left out: of air, or far from where targets can be."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.interest import Interest
from hnseg.inference.predictor import predict
from tests.support.small_ensembles import PLAIN, log_probabilities_of, noise
from tests.support.tolerances import assert_same_labels, ties


def labels(result):
    return sitk.GetArrayFromImage(result.label_map)


@pytest.fixture(scope="module")
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(patch=(8, 16, 16))), device="cpu", backend="torch")


@pytest.mark.parametrize(
    ("rows", "is_reached"), [((0, 4), False), ((0, 5), True), ((6, 9), False), ((-3, 20), True), ((5, 6), True)]
)
def test_a_tile_is_of_interest_where_it_overlaps_the_mask(rows, is_reached):
    mask = np.zeros((1, 4, 1), bool)
    mask[0, 2] = True  # half as fine as the network's grid along y: rows 4 and 5
    tile = (slice(0, 1), slice(*rows), slice(0, 1))
    assert Interest(mask, (1.0, 0.5, 1.0)).reaches(tile) == is_reached
    assert Interest().reaches(tile)


@pytest.mark.numeric
def test_tiles_of_air_can_be_left_out(ensemble):
    channels = noise((64, 16, 8))
    channels.array[0] = 1 + np.abs(channels.array[0])
    channels.array[0, :, :, 32:] = 0
    everything = predict(ensemble, channels, Deadline.never(), effort=PLAIN)
    without = predict(ensemble, channels, Deadline.never(), effort=dataclasses.replace(PLAIN, skip="air"))
    assert without.effort_spent.tiles < everything.effort_spent.tiles
    left_out = everything.effort_spent.tiles - without.effort_spent.tiles
    assert without.notes == (f"The networks did not see {left_out} tiles, as skip=air asks.",)
    reached = np.s_[:, :, :16]  # tiles may be paired with others, and pass by other kernels
    tied = ties(log_probabilities_of(ensemble, channels))
    assert_same_labels(labels(without)[reached], labels(everything)[reached], tied[reached])
    assert not labels(without)[:, :, -8:].any()
    assert labels(everything)[:, :, -8:].any()


@pytest.mark.numeric
def test_tiles_far_from_where_targets_can_be_can_be_left_out(ensemble):
    channels = noise((64, 40, 8))
    near = dataclasses.replace(channels, targets=((slice(0, 3), slice(4, 8), slice(50, 60)),))
    everything = predict(ensemble, channels, Deadline.never(), effort=PLAIN)
    without = predict(ensemble, near, Deadline.never(), effort=dataclasses.replace(PLAIN, skip="far"))
    assert 0 < without.effort_spent.tiles < everything.effort_spent.tiles
    assert not labels(without)[:, :, :16].any()
    reached = np.s_[:, 4:8, 54:60]
    tied = ties(log_probabilities_of(ensemble, channels))
    assert_same_labels(labels(without)[reached], labels(everything)[reached], tied[reached])


def test_where_targets_can_be_is_not_known_nothing_is_far(ensemble):
    channels = noise((64, 40, 8))
    spent = predict(ensemble, channels, Deadline.never(), effort=dataclasses.replace(PLAIN, skip="far")).effort_spent
    assert spent == predict(ensemble, channels, Deadline.never(), effort=PLAIN).effort_spent
