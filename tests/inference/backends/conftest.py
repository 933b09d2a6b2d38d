"""An exported bundle of two folds, to be changed."""

import shutil

import pytest


@pytest.fixture
def exported(make_model, tmp_path):
    """Return a copy of an exported bundle with two folds, to be changed."""
    return shutil.copytree(make_model(folds=(0, 1), exported=True), tmp_path / "model")
