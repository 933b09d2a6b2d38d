"""OpenVINO behind the seam: its graph, its memory, and what happens where it can't be used."""

import gc
import json
import logging
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from hnseg.errors import ConversionError, InputError, ModelError
from hnseg.inference import ensemble as ensemble_module
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import GRAPH_FILES, sha256_of

pytest.importorskip("openvino")

from hnseg.inference.backends.openvino_backend import OpenvinoBackend
from hnseg.inference.backends.openvino_graph import convert, graph_of, save

UNKNOWN_TO_OPENVINO = {"nonlin": "torch.nn.Softshrink", "nonlin_kwargs": {}}


@pytest.fixture
def exported(make_model, tmp_path):
    """Return a copy of an exported bundle with two folds, to be changed."""
    return shutil.copytree(make_model(folds=(0, 1), exported=True), tmp_path / "model")


def seal(folder):
    """Let the manifest list every file as it is."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] = {path.name: sha256_of(path) for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def ship_graph(folder, model=None):
    save(convert(open_bundle(model or folder)), folder)
    seal(folder)


def edit_architecture(folder, **kwargs):
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(kwargs)
    (folder / "plans.json").write_text(json.dumps(plans))
    seal(folder)


def tile_of(bundle):
    shape = (1, len(bundle.channels), *bundle.configuration.patch_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_every_fold_gives_the_logits_that_torch_gives(exported):
    bundle = open_bundle(exported)
    theirs, ours = TorchBackend.load(bundle, torch.device("cpu")), OpenvinoBackend.load(bundle)
    gc.collect()  # the weights must stay
    for fold in (0, 1):
        logits = ours.logits(fold, tile_of(bundle))
        assert logits.dtype == torch.float32
        assert torch.allclose(logits, theirs.logits(fold, tile_of(bundle)), atol=1e-3)


def test_a_fold_that_rested_gives_the_same_logits(exported):
    bundle = open_bundle(exported)
    backend = OpenvinoBackend.load(bundle)
    first = backend.logits(0, tile_of(bundle)).clone()
    backend.rest(0)
    assert torch.equal(backend.logits(0, tile_of(bundle)), first)


def test_fast_computes_in_bfloat16_where_the_processor_has_it(exported):
    bundle = open_bundle(exported)
    exact, fast = (OpenvinoBackend.load(bundle, precision) for precision in ("exact", "fast"))
    assert exact.arithmetic == torch.float32
    difference = (fast.logits(0, tile_of(bundle)) - exact.logits(0, tile_of(bundle))).abs().max()
    assert (difference > 1e-3) == (fast.arithmetic == torch.bfloat16)


def test_a_shipped_graph_is_used_as_it_is_and_nothing_is_written(exported, caplog):
    bundle = open_bundle(exported)
    with caplog.at_level(logging.INFO):
        converted = OpenvinoBackend.load(bundle).logits(1, tile_of(bundle)).clone()
    assert caplog.messages[0].startswith("network converted for OpenVINO in ")
    ship_graph(exported)
    caplog.clear()
    before = {path.name: sha256_of(path) for path in exported.iterdir()}
    with caplog.at_level(logging.INFO):
        shipped = OpenvinoBackend.load(open_bundle(exported)).logits(1, tile_of(bundle))
    assert torch.equal(shipped, converted)
    assert caplog.messages == []
    assert {path.name: sha256_of(path) for path in exported.iterdir()} == before


def test_the_graph_holds_no_weights(exported):
    ship_graph(exported)
    weights = (exported / "fold_0.safetensors").stat().st_size
    assert (exported / GRAPH_FILES[1]).stat().st_size < weights / 50


def test_a_changed_graph_is_refused(exported):
    ship_graph(exported)
    (exported / GRAPH_FILES[0]).write_text("<net/>")
    with pytest.raises(ModelError, match=r"network\.xml must be the file that was exported, with the checksum"):
        graph_of(open_bundle(exported))


def test_a_graph_that_openvino_can_not_read_is_refused(exported):
    ship_graph(exported)
    (exported / GRAPH_FILES[0]).write_text("<net/>")
    seal(exported)
    with pytest.raises(ModelError, match=r"network\.xml must be a network that this OpenVINO can read"):
        graph_of(open_bundle(exported))


def test_a_graph_of_another_model_is_refused(exported, make_model):
    other = make_model(folds=(0,), exported=True, labels={"background": 0, "a": 1}, planner="resenc")
    ship_graph(exported, other)
    with pytest.raises(ModelError, match="must be that of the network that the plans describe, but is not"):
        OpenvinoBackend.load(open_bundle(exported))


def test_torch_runs_what_openvino_can_not_unless_openvino_was_asked_for(exported, caplog):
    edit_architecture(exported, **UNKNOWN_TO_OPENVINO)
    with caplog.at_level(logging.INFO):
        assert load_ensemble(open_bundle(exported), device="cpu").backend.name == "torch"
    assert caplog.messages[0].startswith("note: torch runs the networks. OpenVINO must be able to run the network of")
    assert "aten::softshrink" in caplog.messages[0]
    with pytest.raises(ConversionError, match=r"HNSEG_BACKEND=torch runs it with torch\."):
        load_ensemble(open_bundle(exported), device="cpu", backend="openvino")


def test_auto_takes_openvino_on_a_processor_and_the_record_says_so(exported):
    ensemble = load_ensemble(open_bundle(exported), device="cpu", precision="fast")
    assert isinstance(ensemble.backend, OpenvinoBackend)
    told = dict(ensemble.record)
    assert told.pop("arithmetic") in {"bfloat16", "float32"}
    assert told == {"device": "cpu", "backend": "openvino", "precision": "fast"}


def test_where_it_is_not_installed_auto_is_torch_and_asking_is_refused(exported, monkeypatch):
    monkeypatch.setattr(ensemble_module, "_has_openvino", lambda: False)
    assert load_ensemble(open_bundle(exported), device="cpu").backend.name == "torch"
    with pytest.raises(InputError, match=r"it is not installed here\. Was the extra left out"):
        load_ensemble(open_bundle(exported), backend="openvino")


def test_it_is_imported_only_when_chosen(exported):
    program = (
        "import sys; from pathlib import Path; from hnseg.inference.model.bundle import open_bundle;"
        "from hnseg.inference.ensemble import load_ensemble;"
        f"load_ensemble(open_bundle(Path({str(exported)!r})), device='cpu', backend='torch');"
        "print('openvino' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_converting_warns_of_nothing(exported):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(open_bundle(exported))


def test_a_batch_that_is_a_view_is_seen_as_it_is(exported):
    bundle = open_bundle(exported)
    backend, tile = OpenvinoBackend.load(bundle), tile_of(bundle)
    view = tile.transpose(-1, -2).contiguous().transpose(-1, -2)
    assert np.array_equal(backend.logits(0, view).clone(), backend.logits(0, tile))
