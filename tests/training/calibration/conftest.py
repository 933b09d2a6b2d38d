"""Exported bundle of two untrained folds, with the work folder that it comes from."""

from __future__ import annotations

import pytest

from hnseg_training.export import Label, export
from hnseg_training.fitting.preset import PRESETS

LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms")


@pytest.fixture
def bundle(trained, tmp_path):
    export(trained, PRESETS["demo"], tmp_path / "model", folds=[0, 3], checkpoint="final", label=LABEL)
    return tmp_path / "model"
