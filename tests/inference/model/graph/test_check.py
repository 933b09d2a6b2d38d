"""Check of a graph: what it may hold, and that it fits the plans."""

import onnx
import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.graph.check import check_graph, external_file, graph_file
from tests.support.onnx_graphs import convolution

BATCH = (1, 2, 4, 6, 8)


def check(model, folder, **how):
    path = folder / graph_file(0)
    onnx.save_model(model, path, **how)
    return check_graph(path, batch=BATCH, outputs=3, opset=17)


def test_a_graph_that_fits_is_accepted(tmp_path):
    assert check(convolution(BATCH, 3), tmp_path).opset == 17


def test_weights_may_lie_in_the_file_beside_it_alone(tmp_path):
    beside = {"save_as_external_data": True, "size_threshold": 0}
    name = external_file(graph_file(0))
    assert check(convolution(BATCH, 3), tmp_path, location=name, **beside).external_files == (name,)
    with pytest.raises(ModelError, match=r"beside it in fold_0\.onnx\.data, but .* names 'elsewhere'"):
        check(convolution(BATCH, 3), tmp_path, location="elsewhere", **beside)


@pytest.mark.parametrize("place", ["../fold_0.onnx.data", "/etc/passwd", "sub/fold_0.onnx.data"])
def test_weights_outside_the_bundle_are_refused(place, tmp_path):
    model = convolution(BATCH, 3)
    entry = model.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", place
    (tmp_path / graph_file(0)).write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="A graph's weights must lie in it, or beside it"):
        check_graph(tmp_path / graph_file(0), batch=BATCH, outputs=3, opset=17)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (convolution(BATCH, 3, domain="com.microsoft"), r"ONNX's own operators only, .* has com\.microsoft\.Conv"),
        (convolution(BATCH, 3, opset=13), "it is of ONNX's operators 13 instead of 17"),
        (convolution((1, 3, 4, 6, 8), 3), r"what it takes must be .* \(1, 2, 4, 6, 8\), but is float32 of the shape"),
        (convolution((2, *BATCH[1:]), 3), "what it takes must be one array of float32"),
        (convolution(BATCH, 4), r"what it gives must be .* \(1, 3, 4, 6, 8\), but is float32 of the shape \(1, 4,"),
        (convolution(BATCH, 3, element=onnx.TensorProto.DOUBLE), "but is ONNX's type 11 of the shape"),
    ],
    ids=["operator", "opset", "channels", "batch", "classes", "element"],
)
def test_a_graph_that_does_not_fit_is_refused(model, reason, tmp_path):
    with pytest.raises(ModelError, match=reason):
        check(model, tmp_path)
