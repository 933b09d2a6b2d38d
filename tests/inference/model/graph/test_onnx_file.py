"""Contents of ONNX files, which ONNX's own package wrote."""

import onnx
import pytest
from onnx import helper

from hnseg.errors import ModelError
from hnseg.inference.model.graph.onnx_file import Port, read_onnx_file
from tests.support.onnx_graphs import FLOAT, convolution

BATCH = (1, 2, 4, 6, 8)


def saved(model, folder, **how):
    onnx.save_model(model, folder / "fold_0.onnx", **how)
    return read_onnx_file(folder / "fold_0.onnx")


def test_inputs_outputs_and_operators_are_read_and_weights_are_no_inputs(tmp_path):
    model = convolution(BATCH, 3)
    model.graph.input.append(helper.make_tensor_value_info("bias", FLOAT, [3]))  # as old versions list weights
    found = saved(model, tmp_path)
    assert found.inputs == (Port("tile", FLOAT, BATCH),)
    assert found.outputs == (Port("logits", FLOAT, (1, 3, 4, 6, 8)),)
    assert (found.opset, found.foreign_operators, found.external_files) == (17, (), ())


def test_an_open_axis_has_no_length(tmp_path):
    model = convolution(BATCH, 3)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    assert saved(model, tmp_path).inputs[0].shape == (None, *BATCH[1:])


def test_operators_of_another_domain_are_named_also_within_a_loop(tmp_path):
    model = convolution(BATCH, 3, domain="my.kernels")
    assert saved(model, tmp_path).foreign_operators == ("my.kernels.Conv",)
    outer = helper.make_node("If", ["which"], ["out"], then_branch=model.graph, else_branch=model.graph)
    graph = helper.make_graph([outer], "outer", [], [])
    nested = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    assert saved(nested, tmp_path).foreign_operators == ("my.kernels.Conv",)


def test_files_of_weights_are_named(tmp_path):
    found = saved(convolution(BATCH, 3), tmp_path, save_as_external_data=True, location="apart.bin", size_threshold=0)
    assert found.external_files == ("apart.bin",)


def test_a_file_in_a_node_s_attribute_is_named_too(tmp_path):
    model = convolution(BATCH, 3)
    constant = helper.make_node("Constant", [], ["c"], value=onnx.TensorProto(name="c", data_type=FLOAT))
    entry = constant.attribute[0].t.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    model.graph.node.append(constant)
    (tmp_path / "fold_0.onnx").write_bytes(model.SerializeToString())
    assert read_onnx_file(tmp_path / "fold_0.onnx").external_files == ("/etc/passwd",)


def test_functions_of_a_model_are_refused(tmp_path):
    model = convolution(BATCH, 3)
    model.functions.append(
        helper.make_function("own", "f", ["x"], ["x"], [], opset_imports=[helper.make_opsetid("", 17)])
    )
    with pytest.raises(ModelError, match="functions or a training"):
        saved(model, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no graph at all", b"\x3a\x7f"])
def test_what_is_no_graph_is_refused(content, tmp_path):
    path = tmp_path / "fold_0.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="must be a graph in ONNX's format"):
        read_onnx_file(path)


def test_a_graph_that_is_cut_short_anywhere_is_refused_or_lacks_its_graph(tmp_path):
    whole = convolution(BATCH, 3).SerializeToString()
    path = tmp_path / "fold_0.onnx"
    for size in range(1, len(whole) - 8, 7):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="must be a graph in ONNX's format"):
            read_onnx_file(path)
