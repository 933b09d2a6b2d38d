"""Graph of a network for OpenVINO: converted, shipped with a bundle, or refused."""

import warnings

import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import GRAPH_FILES
from tests.support.exported_bundles import seal, ship_graph

pytest.importorskip("openvino")

from hnseg.inference.backends.openvino_graph import convert, ending_channels_last, graph_of, with_weights


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


def test_converting_warns_of_nothing(exported):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(open_bundle(exported))


def test_a_model_can_end_with_the_classes_of_a_voxel_side_by_side(exported):
    bundle = open_bundle(exported)
    graph = graph_of(bundle)
    shape = (1, len(bundle.channels), *bundle.configuration.patch_size)
    model = with_weights(graph, network_of(bundle, 0).state_dict(), shape, bundle.folder)
    assert list(model.output(0).shape) == [1, 3, 8, 32, 32]
    assert list(ending_channels_last(model).output(0).shape) == [1, 8, 32, 32, 3]
    assert graph.output(0).partial_shape.rank.get_length() == 5
    assert len(graph.get_parameters()) > 1  # the graph is left as it was, with its weights open
