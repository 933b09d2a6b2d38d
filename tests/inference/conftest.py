"""Five untrained networks run by torch, an image for them, and a clock that their passes move."""

import pytest

from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from tests.support.small_ensembles import GRID, PassClock, noise


@pytest.fixture(scope="session")
def five(make_model):
    """Return an ensemble of five folds."""
    return load_ensemble(open_bundle(make_model(folds=(0, 1, 2, 3, 4))), device="cpu", backend="torch")


@pytest.fixture(scope="session")
def small_patch(make_model):
    """Return an opened model of small patches."""
    return open_bundle(make_model(patch=(4, 8, 8), spacing_mm=(3.0, 2.0, 2.0)))


@pytest.fixture
def channels():
    """Return noise on an image of four tiles."""
    return noise(GRID.size_xyz, GRID.spacing_mm)


@pytest.fixture
def clock(five):
    """Return a clock that moves on by a second with every pass of the five networks."""
    ticking = PassClock(five.backend.networks)
    yield ticking
    for hook in ticking.hooks:
        hook.remove()
