"""Model folders with a random change: they open and predict, or a sentence refuses them, and nothing else happens."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg import predict
from hnseg.errors import HnsegError
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from tests.support.model_mutations import mutate


def outcome_of(folder, image):
    """Return "predicted", or the sentence that refuses the model."""
    try:
        ensemble = load_ensemble(open_bundle(folder), backend="torch")
        predict(ensemble, [image] * len(ensemble.bundle.channels))
    except HnsegError as error:
        return str(error)
    return "predicted"


@pytest.mark.parametrize("block", range(8))
def test_a_changed_model_predicts_or_is_refused_with_a_sentence(make_model, tmp_path, block):
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(300, 60, (6, 24, 28)).astype(np.float32))
    outcomes = set()
    for seed in range(block * 40, block * 40 + 40):
        folder = tmp_path / str(seed)
        shutil.copytree(make_model(), folder)
        change = mutate(folder, seed)
        try:
            outcome = outcome_of(folder, image)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {change}: {error!r}") from error
        assert outcome == "predicted" or outcome.endswith((".", "?")), (seed, change)
        outcomes.add(outcome)
        shutil.rmtree(folder)
    assert "predicted" in outcomes
    assert len(outcomes) > 5
