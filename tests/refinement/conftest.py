"""Ensembles with channels for clicks."""

import pytest

from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from tests.support.clicked_ensembles import MODEL, Blobs, by_hand, with_prompts


@pytest.fixture(scope="session")
def untrained(make_model, tmp_path_factory):
    """Return an ensemble of two untrained folds with channels for clicks, mirrored copies included."""
    folder = with_prompts(make_model(folds=(0, 1), **MODEL), tmp_path_factory.mktemp("clicks") / "model")
    return load_ensemble(open_bundle(folder), device="cpu", backend="torch")


@pytest.fixture(scope="session")
def blobs(untrained):
    """Return an ensemble of one network by hand, without mirrored copies, that makes clicks into blobs."""
    return by_hand(untrained, Blobs())
