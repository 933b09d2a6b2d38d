"""A training that was interrupted, in a work folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.preset import PRESETS
from tests.support.interruption import interrupted_at

THREE = Schedule(epochs=3, iterations=1, device="cpu", threads=1)


@pytest.fixture
def interrupted(planned: WorkFolder, tmp_path: Path) -> WorkFolder:
    """Return a work folder whose fold 1 was trained for two epochs of three."""
    shutil.copytree(planned.root, tmp_path / "work", ignore=shutil.ignore_patterns("nnUNet_results"))
    work = WorkFolder.open(tmp_path / "work", challenge="hnts_mrg")
    with interrupted_at("epoch 3 of 3"):
        fit(work, PRESETS["demo"], 1, THREE)
    return work
