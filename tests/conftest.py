"""Tiny models, made by nnU-Net itself with random weights."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hnseg.cli import main
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import METHOD_FILE
from tests.support.boxes import make_label_map
from tests.support.small_challenges import HNTS_MRG, SmallChallenge

# Read when torch is imported: threads that wait in a busy loop starve each other where processors are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

HNTS_LABELS = {"background": 0, "GTVp": 1, "GTVn": 2}


@pytest.fixture
def hnseg(monkeypatch, capsys) -> Callable[..., tuple[int, Any]]:
    """Return a function that runs the command line: its status, and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["hnseg", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as ended:
            status = ended.code
        return status or 0, capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def make_model(tmp_path_factory) -> Callable[..., Path]:
    """Return a function that makes a model folder; the same arguments give the same folder, so leave it as it is.

    Takes `folds`, `exported` (the bundle instead of nnU-Net's own result folder), and what `Wanted` has.
    """
    from tests.support.nnunet_oracle import Wanted, write_bundle, write_results

    made: dict[str, Path] = {}

    def make(*, folds=(0,), exported=False, **wanted) -> Path:
        described = Wanted(
            **{
                "labels": HNTS_LABELS,
                "channel_names": ["T2w", "noNorm"],
                "patch": (8, 32, 32),
                "spacing_mm": (2.0, 1.0, 1.0),
                **wanted,
            }
        )
        key = repr((described, folds))
        if key not in made:
            made[key] = write_results(described, folds, tmp_path_factory.mktemp("nnunet"))
        if not exported:
            return made[key]
        if key + "bundle" not in made:
            output = tmp_path_factory.mktemp("bundle") / "model"
            made[key + "bundle"] = write_bundle(made[key], output, described.configuration)
        return made[key + "bundle"]

    return make


@pytest.fixture(scope="session")
def quick_model(make_model, tmp_path_factory) -> Callable[..., Path]:
    """Return a function that gives an exported bundle for one of the small challenges; copy it before changing it.

    Two folds without mirroring, so that a small case takes about a second.
    """
    made: dict[str, Path] = {}

    def make(challenge: SmallChallenge) -> Path:
        if challenge.name not in made:
            folder = tmp_path_factory.mktemp("quick") / "model"
            shutil.copytree(make_model(folds=(0, 1), exported=True, **challenge.model), folder)
            manifest = json.loads((folder / "manifest.json").read_text()) | {"mirroring_axes": []}
            if challenge.settings:
                (folder / METHOD_FILE).write_text(json.dumps(challenge.settings))
                manifest["sha256"][METHOD_FILE] = sha256_of(folder / METHOD_FILE)
            (folder / "manifest.json").write_text(json.dumps(manifest))
            made[challenge.name] = folder
        return made[challenge.name]

    return make


@pytest.fixture(scope="session")
def model_dir(quick_model) -> Path:
    """Return an exported bundle that the HNTS-MRG container takes; copy it before changing it."""
    return quick_model(HNTS_MRG)


@pytest.fixture(scope="session")
def long_model(make_model) -> Path:
    """Return a bundle for HNTS-MRG of five folds with mirroring, for which a case of `LONG_ZYX` takes minutes."""
    return make_model(folds=(0, 1, 2, 3, 4), exported=True, **HNTS_MRG.model)


@pytest.fixture(name="make_label_map")
def _make_label_map():
    """Return the function that makes a label map of boxes."""
    return make_label_map


@pytest.fixture
def gpu():
    """Return a GPU that torch finds during the test; see `tests.support.pretended_gpu`."""
    from tests.support.pretended_gpu import PretendedGpu

    with PretendedGpu() as pretended:
        yield pretended
