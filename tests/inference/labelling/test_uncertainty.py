"""Uncertainty of an ensemble, beside a naive computation with every member's classes at full size."""

import numpy as np
import pytest
from scipy.special import expit, softmax, xlogy

from hnseg.imaging.geometry import array_of
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.predictor import start_prediction
from hnseg.inference.preprocessing.preprocess import place
from hnseg.inference.preprocessing.resampling import resample
from tests.support.small_ensembles import PLAIN, logits_of, noise, only

pytestmark = pytest.mark.numeric

FOLDS = (0, 1, 2, 3, 4)
MANY = {"background": 0, **{f"l{label}": label for label in range(1, 7)}}
REGIONS = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "rim": [3]}
MODELS = {
    "classes": {"labels": MANY},
    "regions": {"labels": REGIONS, "regions_class_order": (1, 2, 3)},
    "flat": {"labels": MANY, "configuration": "2d"},
    "axes swapped": {"labels": MANY, "patch": (32, 32, 8), "spacing_mm": (1.0, 1.0, 3.0)},
}


def ensemble_of(make_model, backend="torch", **model):
    return load_ensemble(open_bundle(make_model(folds=FOLDS, **model)), device="cpu", backend=backend)


def image(size_xyz=(61, 45, 11), spacing_mm=(0.8, 0.8, 3.5)):
    """Return noise with a margin of zeros, which is cropped, on an anisotropic grid."""
    channels = noise(size_xyz, spacing_mm)
    channels.array[:, :2] = channels.array[..., :3] = 0
    return channels


def naive(ensemble, channels):
    """Return the probabilities (m, k, z, y, x) of each member on the image's grid, from its logits at full size."""
    bundle = ensemble.bundle
    placement = place(channels, bundle.plans, bundle.configuration)
    has_regions, back = bundle.dataset.has_regions, np.argsort(placement.transpose)
    shape = (len(FOLDS), ensemble.outputs, *channels.grid.shape_zyx)
    probabilities = np.zeros(shape)
    if not has_regions:
        probabilities[:, 0] = 1
    for fold in FOLDS:
        rolled = logits_of(only(ensemble, fold), channels)
        layout = MemoryLayout.fastest(placement, bundle, ensemble.backend)
        logits = [
            resample(
                np.ascontiguousarray(volume),
                placement.cropped_shape,
                bundle.configuration.resampling_of_logits,
                from_mm=placement.network_mm,
                to_mm=placement.image_mm,
            )
            for volume in rolled.swapaxes(1, 1 + layout.rolls_along)
        ]
        found = np.stack(logits).astype(np.float64)
        crop = probabilities[fold].transpose(0, *(1 + axis for axis in placement.transpose))
        crop[(slice(None), *placement.crop)] = expit(found) if has_regions else softmax(found, axis=0)
    assert len(back) == 3
    return probabilities


def entropy_of(probabilities, axis, *, has_regions):
    entropies = -xlogy(probabilities, probabilities)
    if has_regions:
        entropies -= xlogy(1 - probabilities, 1 - probabilities)
    return entropies.sum(axis=axis)


def predicted(ensemble, channels, deadline=None, **options):
    deadline = deadline or Deadline.never()
    return start_prediction(ensemble, channels, deadline, **{"effort": PLAIN, "uncertainty": True, **options}).predict()


@pytest.mark.parametrize("model", MODELS)
def test_entropies_are_those_of_all_members_at_full_size(make_model, model):
    ensemble, channels = ensemble_of(make_model, **MODELS[model]), image()
    members, has_regions = naive(ensemble, channels), ensemble.bundle.dataset.has_regions
    entropy = entropy_of(members.mean(axis=0), 0, has_regions=has_regions)
    mutual_information = entropy - entropy_of(members, 1, has_regions=has_regions).mean(axis=0)
    found = predicted(ensemble, channels).uncertainty
    assert entropy.max() > 0.3
    assert mutual_information.max() > 1e-3
    np.testing.assert_allclose(array_of(found.entropy), entropy, atol=1e-5)
    np.testing.assert_allclose(array_of(found.mutual_information), mutual_information, atol=1e-5)
