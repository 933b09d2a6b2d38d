"""Folds of a bundle as graphs: each network with its weights, written, compared with torch's and recorded."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from hnseg.errors import ModelError
from hnseg.inference.backends.onnxruntime_backend import OnnxruntimeBackend
from hnseg.inference.model.graph.check import check_graph, graph_file
from hnseg.inference.model.graph.onnx_file import read_onnx_file
from hnseg.inference.model.graph.record import Graphs
from hnseg.inference.model.manifest import PLANS_FILE, Fold
from hnseg.inference.model.nnunet_plans import configuration_of, read_dataset, read_plans
from hnseg.inference.model.weights import read_checkpoint
from hnseg_training.bundle_files import READABLE
from hnseg_training.graphs.exported import Exported
from hnseg_training.graphs.onnx_export import Logits, check_logits, write_onnx
from hnseg_training.graphs.pass_memory import pass_gib
from hnseg_training.graphs.trainer_network import TrainerCode, put_trained_weights

logger = logging.getLogger(__name__)


def write_graphs(checkpoints: Mapping[Fold, Path], bundle: Path, *, code: TrainerCode) -> Exported:
    """Write each fold as a graph into a bundle that has its plans and data set.

    Args:
        checkpoints: Checkpoint of each fold, in nnU-Net's result folder.
        bundle: Folder to write to.
        code: Code that builds the network.

    Raises:
        InputError: The trainer can't be found.
        ModelError: It can't build its network, the weights are not that network's, or it can't be written as a graph
            that gives the network's logits.
    """
    first = next(iter(checkpoints.values()))
    trained = read_checkpoint(first)
    network = code.network(first.parent.parent, trained.configuration)
    dataset = read_dataset(bundle)
    configuration = configuration_of(read_plans(bundle), trained.configuration, bundle / PLANS_FILE)
    patch, of_previous = configuration.patch_size, dataset.foreground_values if configuration.previous_stage else ()
    shape, outputs = (1, len(dataset.channels) + len(of_previous), *patch), len(dataset.output_values)
    memory_gib = 0.0
    for fold, path in checkpoints.items():
        put_trained_weights(network, read_checkpoint(path).state_dict, path)
        graph = bundle / graph_file(fold)
        write_onnx(network, shape, graph)
        opset = read_onnx_file(graph).opset
        check_graph(graph, batch=shape, outputs=outputs, opset=opset)
        for library, logits in _libraries(graph, outputs):
            check_logits(network, logits, shape, library=library, path=graph)
        memory_gib = memory_gib or pass_gib(graph, shape)
        logger.info("fold %s is a graph of %.2f MB", fold, graph.stat().st_size / 1e6)
    for file in bundle.iterdir():
        file.chmod(READABLE)
    record = Graphs(trainer=code.name, patch_size=patch, opset=opset, pass_gib=memory_gib)
    return Exported(tuple(checkpoints), trained.configuration, trained.mirroring_axes, record)


def _libraries(graph: Path, outputs: int) -> Iterator[tuple[str, Logits]]:
    """Yield each library that is installed here and runs graphs, and a function that gives its logits."""
    backend = OnnxruntimeBackend.of_files([graph], outputs)
    yield "onnxruntime", lambda batch: backend.logits(0, batch)
    if importlib.util.find_spec("openvino") is not None:
        import openvino

        from hnseg.inference.backends.openvino_graph import core

        try:
            model = core().compile_model(core().read_model(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO {openvino.__version__} must be able to run {graph.name}, but it can't"
                f" ({' '.join(str(error).split())}). Does the network have an operator that it does not know?"
            ) from error
        yield "OpenVINO", lambda batch: torch.from_numpy(model(batch.numpy())[0])
