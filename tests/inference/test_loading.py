"""Loading of an ensemble: the device and the library that are chosen, and choices that are refused."""

import importlib
import logging
import os
import shutil
import subprocess
import sys

import pytest
import torch

import hnseg.inference
from hnseg.errors import ConversionError, InputError, ModelError
from hnseg.inference import loading
from hnseg.inference.gpu import TorchFacts, kernel_facts, unusable_reason
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.predictor import predict
from hnseg.machine import usable_threads
from tests.support.exported_bundles import change_arguments
from tests.support.gpu_files import DRIVER_LINE, write_gpu_files
from tests.support.onnx_graphs import with_graphs
from tests.support.pretended_gpu import PretendedGpu
from tests.support.small_ensembles import noise

UNKNOWN_TO_OPENVINO = {"nonlin": "torch.nn.Softshrink", "nonlin_kwargs": {}}


def test_every_fold_is_loaded_into_the_library_that_was_asked_for(make_model):
    ensemble = load_ensemble(open_bundle(make_model(folds=(0, 1))), device="cpu", backend="torch")
    assert (ensemble.backend.name, ensemble.backend.folds, ensemble.outputs) == ("torch", 2, 3)
    assert torch.get_num_threads() == usable_threads()


def test_a_gpu_that_is_not_there_is_refused(make_model):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match=r"A GPU was asked for .* but torch finds none"):
        load_ensemble(open_bundle(make_model()), device="cuda")


@pytest.fixture
def old_driver(tmp_path, monkeypatch):
    """A machine whose driver is too old for its torch, in which this process sees no GPU either way."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    root = write_gpu_files(
        tmp_path / "root", devices=["nvidia0"], driver_line=DRIVER_LINE.format("470.256.02"), cards=1
    )
    reason = unusable_reason(kernel_facts(root, {}), TorchFacts("2.13.0", "13.0"))
    monkeypatch.setattr(loading, "unusable_reason", lambda: reason)
    return reason


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_a_gpu_that_can_not_be_used_is_warned_of_and_noted(make_model, old_driver, backend, caplog):
    ensemble = load_ensemble(open_bundle(make_model()), backend=backend)
    assert str(ensemble.backend.device) == "cpu"
    assert ensemble.notes == (f"THE GPU IS NOT USED: {old_driver}",)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [*ensemble.notes]


def test_torch_without_the_gpus_architecture_leaves_it_unused(make_model):
    with PretendedGpu(architectures=("sm_80",)):
        ensemble = load_ensemble(open_bundle(make_model()), backend="torch")
        with pytest.raises(InputError, match=r"architecture sm_75 of the Tesla T4, but torch \S+ is built for sm_80"):
            load_ensemble(open_bundle(make_model()), device="cuda")
    assert (str(ensemble.backend.device), len(ensemble.notes)) == ("cpu", 1)


def test_a_gpu_that_was_asked_for_and_can_not_be_used_is_refused_with_the_reason(make_model, old_driver):
    with pytest.raises(InputError, match=r"torch finds none that it can use\. torch 2\.13\.0 is built for CUDA 13\.0,"):
        load_ensemble(open_bundle(make_model()), device="cuda")
    assert "470.256.02" in old_driver


def test_a_processor_that_was_asked_for_is_used_without_a_word_about_the_gpu(make_model, old_driver, caplog):
    assert load_ensemble(open_bundle(make_model()), device="cpu").notes == ()
    assert old_driver not in caplog.text


def test_openvino_on_a_gpu_is_refused(make_model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(InputError, match=r"OpenVINO \(backend openvino\) runs on a processor, but a GPU was asked for"):
        load_ensemble(open_bundle(make_model()), device="cuda", backend="openvino")


@pytest.fixture
def exported(make_model, tmp_path):
    """Return a copy of an exported bundle with two folds, to be changed."""
    return shutil.copytree(make_model(folds=(0, 1), exported=True), tmp_path / "model")


def test_torch_runs_what_openvino_can_not_unless_openvino_was_asked_for(exported, caplog):
    pytest.importorskip("openvino")
    from hnseg.errors import ConversionError

    change_arguments(exported, **UNKNOWN_TO_OPENVINO)
    with caplog.at_level(logging.INFO):
        ensemble = load_ensemble(open_bundle(exported), device="cpu")
    assert ensemble.backend.name == "torch"
    assert caplog.messages[0] == f"note: {ensemble.notes[0]}"  # which is said of every case too
    assert caplog.messages[0].startswith("note: torch runs the networks. OpenVINO must be able to run the network of")
    assert "aten::softshrink" in caplog.messages[0]
    with pytest.raises(ConversionError, match=r"HNSEG_BACKEND=torch runs it with torch\."):
        load_ensemble(open_bundle(exported), device="cpu", backend="openvino")


def test_auto_takes_openvino_on_a_processor_and_the_record_says_so(exported):
    pytest.importorskip("openvino")
    ensemble = load_ensemble(open_bundle(exported), device="cpu", precision="fast")
    record = dict(predict(ensemble, noise((16, 16, 8))).computed_by)
    assert record.pop("arithmetic") in {"bfloat16", "float32"}
    assert record == {"device": "cpu", "backend": "openvino", "precision": "fast"}


def test_where_it_is_not_installed_auto_is_torch_and_asking_is_refused(exported, monkeypatch):
    monkeypatch.setattr(loading, "_has_openvino", lambda: False)
    assert load_ensemble(open_bundle(exported), device="cpu").backend.name == "torch"
    with pytest.raises(InputError, match=r"it is not installed here\. Was the extra left out"):
        load_ensemble(open_bundle(exported), backend="openvino")


def test_it_is_imported_only_when_chosen(exported):
    program = (
        "import sys; from pathlib import Path; from hnseg.inference.model.bundle import open_bundle;"
        "from hnseg.inference.loading import load_ensemble;"
        f"load_ensemble(open_bundle(Path({str(exported)!r})), device='cpu', backend='torch');"
        "print('openvino' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("own", ["PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", None])
def test_a_gpu_s_memory_grows_in_segments_unless_the_user_has_another_way(monkeypatch, own):
    for name in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"):
        monkeypatch.delenv(name, raising=False)
    if own:
        monkeypatch.setenv(own, "backend:cudaMallocAsync")
    importlib.reload(hnseg.inference)
    expected = "backend:cudaMallocAsync" if own else "expandable_segments:True"
    assert os.environ[own or "PYTORCH_CUDA_ALLOC_CONF"] == expected
    assert len([name for name in os.environ if name.endswith("_ALLOC_CONF")]) == 1


@pytest.fixture
def graphs(make_model, tmp_path):
    """Bundle whose networks are graphs."""
    return open_bundle(with_graphs(make_model(exported=True, folds=(0, 1)), tmp_path / "graphs"))


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_graphs_are_loaded_into_the_library_that_was_asked_for(graphs, backend):
    pytest.importorskip(backend)
    ensemble = load_ensemble(graphs, device="cpu", backend=backend)
    assert (ensemble.backend.name, ensemble.backend.folds) == (backend, 2)


def test_graphs_are_run_by_onnxruntime_where_openvino_is_not_installed_or_fails(graphs, monkeypatch):
    ensemble = load_ensemble(graphs, device="cpu")
    if ensemble.backend.name == "openvino":
        assert ensemble.fall_back(ConversionError("It failed.")) == "onnxruntime runs the networks. It failed."
    assert ensemble.backend.name == "onnxruntime"
    monkeypatch.setattr(loading, "_has_openvino", lambda: False)
    assert load_ensemble(graphs, device="cpu").backend.name == "onnxruntime"


def test_torch_does_not_run_graphs_and_onnxruntime_runs_nothing_else(graphs, make_model):
    with pytest.raises(InputError, match=r"torch \(backend torch\) runs .* graphs of nnUNetTrainerOwn"):
        load_ensemble(graphs, device="cpu", backend="torch")
    with pytest.raises(InputError, match=r"onnxruntime \(backend onnxruntime\) runs graphs, but the networks of"):
        load_ensemble(open_bundle(make_model()), device="cpu", backend="onnxruntime")
    with pytest.raises(ModelError, match=r"torch runs networks that .* graphs of nnUNetTrainerOwn"):
        network_of(graphs, 0)


def test_graphs_need_a_library_that_runs_them(graphs, monkeypatch):
    monkeypatch.setattr(loading, "_has_onnxruntime", lambda: False)
    with pytest.raises(InputError, match=r"onnxruntime is not installed here\. .*'hnseg\[graph\]'"):
        load_ensemble(graphs, device="cpu", backend="onnxruntime")
    monkeypatch.setattr(loading, "_has_openvino", lambda: False)
    with pytest.raises(InputError, match="by onnxruntime or OpenVINO, but neither is installed"):
        load_ensemble(graphs, device="cpu")


def test_a_gpu_without_an_onnxruntime_for_it_is_told(graphs, monkeypatch, caplog):
    if importlib.import_module("hnseg.inference.backends.onnxruntime_backend").runs_on_gpu():
        pytest.skip("this onnxruntime is for CUDA")
    monkeypatch.setattr(loading, "_choose_gpu", lambda _device: (True, ()))
    ensemble = load_ensemble(graphs)
    assert str(ensemble.backend.device) == "cpu"
    (note,) = ensemble.notes
    assert note.startswith("THE GPU IS NOT USED: The model's networks are graphs, and no onnxruntime for CUDA")
    assert note in [record.getMessage() for record in caplog.records]
    with pytest.raises(InputError, match=r"A GPU was asked for .* but nothing here runs these networks on one"):
        load_ensemble(graphs, device="cuda")
