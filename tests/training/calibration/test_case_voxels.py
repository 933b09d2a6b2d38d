"""Voxels of a case: in the band or everywhere, with their classes and without those that have none."""

import numpy as np
import pytest

from hnseg.imaging.geometry import array_of, image_of
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from hnseg_training.calibration.case_voxels import Sampling, bands, case_voxels
from tests.support.small_ensembles import noise

CHANNELS = noise((20, 28, 14), (2.5, 1.5, 2.0))
GRID = CHANNELS.grid


@pytest.fixture(scope="module")
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(folds=(0,))), device="cpu", backend="torch")


def reference_with(ignored=0):
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    labels[3:7, 5:15, 4:9], labels[8:12, 15:20, 10:15] = 1, 2
    labels[:, :, 18:] = ignored
    return labels


def test_bands_are_those_of_either_label_map_and_the_first_is_that_of_any():
    reference, predicted = reference_with(), np.zeros(GRID.shape_zyx, np.uint8)
    predicted[6, 20, 2] = 1
    every, first, second = bands(reference, predicted, 3, GRID, Sampling(band_mm=2))
    assert first[6, 20, 2:4].tolist() == [True, False]  # the next voxel is 2.5 mm away
    assert first[3, 5, 4]
    assert not second[6, 20, 2]
    np.testing.assert_array_equal(every, first | second)


def test_voxels_have_their_probabilities_classes_and_bands(ensemble):
    reference, rng = reference_with(ignored=3), np.random.default_rng(0)
    sampling = Sampling(band_mm=2, most=10**6)
    found = case_voxels(ensemble, CHANNELS, image_of(reference, GRID), sampling, rng=rng)
    predicted = array_of(start_prediction(ensemble, CHANNELS, Deadline.never()).predict().label_map)
    every, first, _ = bands(reference, predicted, 3, GRID, sampling)
    known = reference < 3
    assert len(found.everywhere) == known.sum()
    assert len(found.band) == (known & every).sum()
    assert found.band.near[:, 0].all()
    assert found.band.near[:, 1].sum() == (known & first).sum()
    for label in range(3):
        assert (found.everywhere.classes == label).sum() == (reference == label).sum()
        assert (found.everywhere.predicted == label).sum() == (predicted[known] == label).sum()
    assert found.everywhere.is_correct.sum() == (predicted == reference)[known].sum()


def test_at_most_so_many_are_drawn_the_same_each_time(ensemble):
    once, again = (
        case_voxels(
            ensemble, CHANNELS, image_of(reference_with(), GRID), Sampling(most=100), rng=np.random.default_rng(3)
        )
        for _ in range(2)
    )
    assert (len(once.band), len(once.everywhere)) == (100, 100)
    np.testing.assert_array_equal(once.band.logits, again.band.logits)
