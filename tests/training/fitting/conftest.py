"""Tiny HN-UISeg: PET/CT patients of known boxes, planned and trained in its stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.hn_uiseg.method import Settings
from hnseg_training.challenges.hn_uiseg.convert import convert
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.network import Network
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS, Preset
from hnseg_training.fitting.prompts.settings import STAGES
from hnseg_training.fitting.stages import in_stages
from tests.support.tiny_hecktor import write_source

ONCE = Schedule(epochs=1, iterations=1, device="cpu", threads=1)


@pytest.fixture(scope="session")
def tiny_uiseg() -> Preset:
    """Return the demo preset with all stages, and a smaller network on a coarser grid, planned for tiny patients."""
    network = Network(
        features=(4, 6, 8),
        strides_zyx=((1, 1, 1), (2, 2, 2), (2, 2, 2)),
        kernels_zyx=((3, 3, 3),) * 3,
        encoder_blocks=(1, 1, 1),
        decoder_convolutions=(1, 1),
    )
    demo = PRESETS["demo-hn-uiseg"]
    grid = {"spacing_zyx_mm": (8.0, 10.0, 12.0), "patch_size_zyx": (16, 24, 24)}
    return demo.model_copy(
        update={**grid, "network": network, "stages": dict.fromkeys(STAGES, demo.stages["pretrain"])}
    )


@pytest.fixture(scope="session")
def uiseg(tmp_path_factory: pytest.TempPathFactory, tiny_uiseg: Preset) -> WorkFolder:
    """Return the tiny patients, planned; the grid's axes differ in spacing."""
    source: Path = write_source(tmp_path_factory.mktemp("source"))
    work = convert([source], tmp_path_factory.mktemp("work"), settings=Settings())
    plan(work, tiny_uiseg, workers=1)
    return work


@pytest.fixture(scope="session")
def staged(uiseg: WorkFolder, tiny_uiseg: Preset) -> WorkFolder:
    """Return the tiny patients with fold 0 trained in each stage, an iteration each."""
    for training in in_stages(tiny_uiseg, None):
        fit(uiseg, training, 0, ONCE)
    return uiseg
