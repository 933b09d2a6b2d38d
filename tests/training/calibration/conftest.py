"""Exported bundle of two untrained folds, with the work folder that it comes from, and one of other cases."""

from __future__ import annotations

import pytest

from containers.hnts_mrg.method import Settings
from hnseg_training.challenges.hnts_mrg.convert import Options, convert
from hnseg_training.export import Label, export
from hnseg_training.fitting.preset import PRESETS

LABEL = Label(name="test", version="1", licence="CC0-1.0", training_data="phantoms")


@pytest.fixture
def bundle(trained, tmp_path):
    export(trained, PRESETS["demo"], tmp_path / "model", folds=[0, 3], checkpoint="final", label=LABEL)
    return tmp_path / "model"


@pytest.fixture
def unseen(make_source, tmp_path):
    return convert(make_source(), tmp_path / "unseen", settings=Settings(), options=Options(seed=3))
