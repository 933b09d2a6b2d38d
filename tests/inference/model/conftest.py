"""Model folders of two folds, to be spoilt."""

import shutil

import pytest


@pytest.fixture
def results(make_model, tmp_path):
    """Return a copy of nnU-Net's own result folder with two folds, to be spoilt."""
    return shutil.copytree(make_model(folds=(0, 1)), tmp_path / "nnUNetTrainer__nnUNetPlans__3d_fullres")


@pytest.fixture
def exported(make_model, tmp_path):
    """Return a copy of an exported bundle with two folds, to be spoilt."""
    return shutil.copytree(make_model(folds=(0, 1), exported=True), tmp_path / "model")
