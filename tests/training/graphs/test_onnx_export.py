"""Export to ONNX: the file, its comparison with the network, and networks that can't be exported."""

import onnx
import pytest
import torch
from torch import nn

from hnseg.errors import ModelError
from hnseg.inference.backends.onnxruntime_backend import OnnxruntimeBackend
from hnseg.inference.model.graph.check import check_graph
from hnseg_training.graphs.onnx_export import check_logits, write_onnx
from tests.support.trainers.own_trainer import OwnNetwork

SHAPE = (1, 2, 8, 8, 8)


class Noisy(nn.Module):
    def forward(self, tile):
        return tile + torch.rand_like(tile)


class Shrinking(nn.Module):
    def forward(self, tile):
        return tile[..., 1:]


class Constant(nn.Module):
    """Network that keeps what it saw of the first tile, as far as a trace tells."""

    def forward(self, tile):
        return tile * float(tile.std())


def logits_of(path, outputs):
    backend = OnnxruntimeBackend.of_files([path], outputs)
    return lambda batch: backend.logits(0, batch)


def network():
    torch.manual_seed(0)
    return OwnNetwork(2, 3, deep_supervision=False).eval()


def test_depthwise_convolutions_attention_and_scans_are_written_with_onnx_s_own_operators(tmp_path):
    path = tmp_path / "fold_0.onnx"
    write_onnx(network(), SHAPE, path)
    graph = check_graph(path, batch=SHAPE, outputs=3, opset=17)
    assert graph.external_files == ()
    assert [each.name for each in tmp_path.iterdir()] == ["fold_0.onnx"]
    check_logits(network(), logits_of(path, 3), SHAPE, library="onnxruntime", path=path)


def test_no_path_of_this_machine_is_kept(tmp_path):
    write_onnx(network(), SHAPE, tmp_path / "fold_0.onnx")
    content = (tmp_path / "fold_0.onnx").read_bytes()
    assert b".py" not in content
    assert str(tmp_path).encode() not in content


def test_large_weights_lie_beside_the_graph_in_one_file(tmp_path):
    path = tmp_path / "fold_0.onnx"
    write_onnx(network(), SHAPE, path, largest_plain_bytes=1000)
    assert check_graph(path, batch=SHAPE, outputs=3, opset=17).external_files == ("fold_0.onnx.data",)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fold_0.onnx", "fold_0.onnx.data"]
    check_logits(network(), logits_of(path, 3), SHAPE, library="onnxruntime", path=path)
    onnx.checker.check_model(str(path))


def test_a_network_that_draws_at_random_is_refused(tmp_path):
    path = tmp_path / "fold_0.onnx"
    write_onnx(Noisy(), SHAPE, path)
    with pytest.raises(ModelError, match="onnxruntime must give the logits that torch gives"):
        check_logits(Noisy(), logits_of(path, 2), SHAPE, library="onnxruntime", path=path)


def test_a_graph_that_was_fitted_to_one_tile_is_refused(tmp_path):
    path = tmp_path / "fold_0.onnx"
    write_onnx(Constant(), SHAPE, path)
    with pytest.raises(ModelError, match="decide by the values of an image"):
        check_logits(Constant(), logits_of(path, 2), SHAPE, library="onnxruntime", path=path)


@pytest.mark.parametrize(
    ("given", "found"),
    [(OwnNetwork(2, 3, deep_supervision=True), "but gives list"), (Shrinking(), r"of the shape \(1, 2, 8, 8, 7\)")],
    ids=["several outputs", "smaller"],
)
def test_anything_but_logits_of_the_patch_is_refused(given, found, tmp_path):
    with pytest.raises(ModelError, match=f"one array of logits for every voxel of its patch, .*{found}"):
        write_onnx(given.eval(), SHAPE, tmp_path / "fold_0.onnx")
    assert not list(tmp_path.iterdir())


class OwnKernel(torch.autograd.Function):
    @staticmethod
    def forward(_context, tile):
        return tile * 2

    @staticmethod
    def symbolic(graph, tile):
        return graph.op("my.kernels::Scan", tile)


class WithKernel(nn.Module):
    def forward(self, tile):
        return OwnKernel.apply(tile)


def test_an_operator_of_its_own_does_not_pass_the_check(tmp_path):
    path = tmp_path / "fold_0.onnx"
    write_onnx(WithKernel(), SHAPE, path)
    with pytest.raises(ModelError, match=r"ONNX's own operators only, .* has my\.kernels\.Scan"):
        check_graph(path, batch=SHAPE, outputs=2, opset=17)
