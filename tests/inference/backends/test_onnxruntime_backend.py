"""Graphs run by onnxruntime: their logits beside the arithmetic by hand, their memory and their failures."""

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from hnseg.errors import ConversionError
from hnseg.inference.backends.onnxruntime_backend import OnnxruntimeBackend, runs_on_gpu
from hnseg.inference.model.bundle import open_bundle
from tests.support.onnx_graphs import FLOAT, convolution, weights_of, with_graphs
from tests.support.tolerances import assert_same_logits

BATCH = (1, 2, 4, 6, 8)


def by_hand(model, batch):
    """Return the logits of a convolution of one voxel."""
    weights = weights_of(model)
    kernel = weights["weight"].reshape(weights["weight"].shape[:2])
    return np.einsum("kc,nczyx->nkzyx", kernel, batch) + weights["bias"][:, None, None, None]


@pytest.fixture
def files(tmp_path):
    for seed in (0, 1):
        onnx.save_model(convolution(BATCH, 3, seed=seed), tmp_path / f"fold_{seed}.onnx")
    return [tmp_path / "fold_0.onnx", tmp_path / "fold_1.onnx"]


def test_every_fold_gives_the_logits_of_its_weights(files):
    backend = OnnxruntimeBackend.of_files(files, 3)
    batch = np.random.default_rng(0).normal(size=BATCH).astype(np.float32)
    assert (backend.folds, backend.name, str(backend.device)) == (2, "onnxruntime", "cpu")
    for fold, path in enumerate(files):
        logits = backend.logits(fold, torch.from_numpy(batch))
        assert logits.dtype == torch.float32
        assert_same_logits(logits.numpy(), by_hand(onnx.load(path), batch))


def test_logits_of_a_fold_outlive_the_next_pass_of_another(files):
    backend = OnnxruntimeBackend.of_files(files, 3)
    first = backend.logits(0, torch.ones(BATCH))
    kept = first.clone()
    backend.logits(1, torch.zeros(BATCH))
    assert torch.equal(first, kept)


def test_a_batch_that_does_not_lie_in_order_in_memory_is_read_in_order(files):
    backend = OnnxruntimeBackend.of_files(files, 3)
    batch = torch.randn(BATCH, generator=torch.Generator().manual_seed(0))
    flipped = batch.transpose(2, 4).contiguous().transpose(2, 4)
    assert torch.equal(backend.logits(0, flipped), backend.logits(0, batch))


def test_weights_in_a_file_beside_the_graph_are_found(tmp_path):
    model = convolution(BATCH, 3)
    path = tmp_path / "fold_0.onnx"
    batch = np.ones(BATCH, np.float32)
    expected = by_hand(model, batch)
    onnx.save_model(model, path, save_as_external_data=True, location="fold_0.onnx.data", size_threshold=0)
    assert_same_logits(OnnxruntimeBackend.of_files([path], 3).logits(0, torch.from_numpy(batch)).numpy(), expected)


def test_a_graph_that_onnxruntime_does_not_know_is_refused_in_a_sentence(tmp_path):
    node = helper.make_node("NoSuchOperator", ["tile"], ["logits"])
    port = [helper.make_tensor_value_info(name, FLOAT, BATCH) for name in ("tile", "logits")]
    graph = helper.make_graph([node], "network", port[:1], port[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "fold_0.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ConversionError, match=r"onnxruntime must be able to run .* HNSEG_BACKEND=openvino"):
        OnnxruntimeBackend.of_files([tmp_path / "fold_0.onnx"], 2)


def test_a_pass_that_fails_says_so(files):
    backend = OnnxruntimeBackend.of_files(files, 3)
    with pytest.raises(ConversionError, match="onnxruntime must be able to run"):
        backend.logits(0, torch.ones((1, 5, 4, 6, 8)))


def test_a_bundle_is_loaded_and_there_is_nothing_lighter_than_a_processor(make_model, tmp_path):
    bundle = open_bundle(with_graphs(make_model(exported=True, folds=(0, 1)), tmp_path / "model"))
    backend = OnnxruntimeBackend.load(bundle, "fast")
    assert (backend.folds, backend.precision, backend.arithmetic) == (2, "fast", torch.float32)
    assert backend.outputs == len(bundle.dataset.output_values)
    assert backend.lighter() is None
    assert backend.in_single() is None
    assert backend.module(0) is None


def test_a_build_for_a_processor_does_not_claim_a_gpu():
    import onnxruntime

    assert runs_on_gpu() == ("CUDAExecutionProvider" in onnxruntime.get_available_providers())
