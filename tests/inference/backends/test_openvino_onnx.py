"""Graphs of a bundle read by OpenVINO: the logits of onnxruntime, and refusals."""

import onnx
import pytest
import torch

from hnseg.errors import ConversionError
from hnseg.inference.backends.onnxruntime_backend import OnnxruntimeBackend
from hnseg.inference.model.bundle import open_bundle
from tests.support.exported_bundles import seal
from tests.support.onnx_graphs import convolution, with_graphs
from tests.support.tolerances import assert_same_logits

pytest.importorskip("openvino")

from hnseg.inference.backends.openvino_backend import OpenvinoBackend


@pytest.fixture(params=["3d_fullres", "2d"])
def folder(request, make_model, tmp_path):
    return with_graphs(make_model(exported=True, folds=(0, 1), configuration=request.param), tmp_path / "model")


def test_every_fold_gives_the_logits_that_onnxruntime_gives(folder):
    bundle = open_bundle(folder)
    theirs, ours = OnnxruntimeBackend.load(bundle), OpenvinoBackend.load(bundle)
    shape = (1, len(bundle.channels), *bundle.configuration.patch_size)
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for fold in (0, 1):
        assert_same_logits(ours.logits(fold, batch).numpy(), theirs.logits(fold, batch).numpy())
    assert ours.other == "onnxruntime"


def test_a_graph_whose_logits_have_another_shape_than_it_says_is_refused(make_model, tmp_path):
    folder = with_graphs(make_model(exported=True), tmp_path / "model")
    bundle = open_bundle(folder)
    batch = (1, len(bundle.channels), *bundle.configuration.patch_size)
    outputs = len(bundle.dataset.output_values)
    model = convolution(batch, outputs + 1)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = outputs
    onnx.save_model(model, folder / "fold_0.onnx")
    seal(folder)
    with pytest.raises(ConversionError, match=r"OpenVINO must be able to run the graph .*fold_0\.onnx, but can't"):
        OpenvinoBackend.load(open_bundle(folder))
