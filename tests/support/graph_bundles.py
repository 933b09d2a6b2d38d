"""Bundles whose networks are graphs, exported from folders that nnU-Net's trainers made; or of a plain convolution."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from hnseg_training.export import Label, export_results
from hnseg_training.graphs.trainer_network import TrainerCode
from tests.support.nnunet_oracle import Wanted, write_results

OWN = Path(__file__).with_name("trainers") / "own_trainer.py"
"""File of a user's trainers."""
LABEL = Label(name="graphs", version="1", licence="CC0-1.0", training_data="none")
LABELS = {"background": 0, "a": 1, "b": 2}
SMALL = Wanted(labels=LABELS, channel_names=["CT", "T2"], patch=(16, 24, 24), spacing_mm=(1.5, 1.5, 1.5))


def trainer_named(name: str) -> tuple[Any, TrainerCode]:
    """Return a trainer's class and where its code is; skip where nnU-Net's own can't be imported."""
    if name.startswith("nnUNet_Primus"):
        pytest.importorskip("timm.layers", exc_type=ImportError)
    code = TrainerCode(name) if name == "nnUNetTrainer" or "Primus" in name else TrainerCode(name, OWN)
    return code.find(), code


def write_graph_bundle(
    name: str, root: Path, wanted: Wanted = SMALL, folds: tuple[int, ...] = (0, 1)
) -> tuple[Path, Path]:
    """Make a result folder of a trainer, export it as graphs, and return both folders."""
    trainer, code = trainer_named(name)
    results = write_results(wanted, folds, root, trainer_class=trainer)
    export_results(results, root / "bundle", folds=folds, checkpoint="final", label=LABEL, code=code)
    return results, root / "bundle"


@contextmanager
def findable() -> Iterator[None]:
    """Let nnU-Net find the user's trainers, by the variable that it has for them."""
    with patch.dict(os.environ, {"nnUNet_extTrainer": str(OWN.parent)}):
        yield
