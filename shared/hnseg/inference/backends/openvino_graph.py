"""Network as an OpenVINO graph: converted once, the same for every fold, with the weights left open.

The weights are inputs of the graph, called by nnU-Net's parameter names, and become a fold's constants when the fold is
loaded, without a copy. So five folds take one conversion, and a bundle that ships the graph (`network.xml`, about
0.2 MB, and `network.bin`, a few bytes) holds no weights twice.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from openvino import opset13
from torch import nn

from hnseg.errors import ConversionError, ModelError
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.manifest import GRAPH_FILES
from hnseg.inference.model.weights import StateDict
from hnseg.machine import is_exhausted

logger = logging.getLogger(__name__)

_TILE = "tile"
_XML = GRAPH_FILES[0]


@cache
def core() -> openvino.Core:
    """Return OpenVINO's core, one for the whole process.

    A core's processor plugin gives the main thread a signal stack of its own, and puts the former one back when it
    ends. Two that end in the order in which they began leave a stack that is freed, and the next signal, such as
    SIGTERM, ends the process without a word (seen with OpenVINO 2026.4.1).
    """
    return openvino.Core()


def graph_of(bundle: Bundle) -> openvino.Model:
    """Read the graph that a bundle ships, or convert its network; a bundle's folder is never written to.

    Raises:
        ConversionError: OpenVINO can't run the network.
        ModelError: A file of the graph is missing, changed or damaged.
    """
    files = [bundle.further_file(name) for name in GRAPH_FILES]
    path = files[0]
    if path is None:
        started_s = time.monotonic()
        graph = convert(bundle)
        logger.info("network converted for OpenVINO in %.1f s, as the model ships none", time.monotonic() - started_s)
        return graph
    try:
        return core().read_model(path)
    except RuntimeError as error:
        if is_exhausted(error):
            raise
        raise ModelError(
            f"{path} must be a network that this OpenVINO can read, but it can't ({_reason(error)})."
            " Was it exported with a later version?"
        ) from error


def convert(bundle: Bundle) -> openvino.Model:
    """Convert a bundle's network.

    Raises:
        ConversionError: OpenVINO can't run it.
    """
    network = network_of(bundle, 0)
    places = list(_places(network))
    example = (torch.zeros(1, bundle.network_channels, *_small_tile(bundle)), *(tensor for *_, tensor in places))

    def with_open_weights(tile: torch.Tensor, *weights: torch.Tensor) -> Any:
        """Run the network with weights that are arguments, so that the graph holds none."""
        for (module, name, *_), tensor in zip(places, weights, strict=True):
            _put(module, name, tensor)
        return network(tile)

    try:
        with warnings.catch_warnings(), _kept_log(), torch.no_grad():
            warnings.simplefilter("ignore")  # torch's layers compare sizes, which holds for those of any tile
            traced = torch.jit.trace(with_open_weights, example, check_trace=False)  # type: ignore[no-untyped-call]
            graph = openvino.convert_model(traced, example_input=example)
    except Exception as error:  # the frontend's kinds of error are many, and none of them is documented
        if is_exhausted(error):
            raise
        raise ConversionError(
            f"OpenVINO must be able to run the network of {bundle.folder}, but can't ({_reason(error)})."
            " Does it have layers that OpenVINO does not know? HNSEG_BACKEND=torch runs it with torch."
        ) from error
    names = (_TILE, *(name for *_, name, _ in places))
    for node, name in zip(graph.get_parameters(), names, strict=True):
        node.set_friendly_name(name)
    return graph


def with_weights(graph: openvino.Model, weights: StateDict, shape: Sequence[int], path: Path) -> openvino.Model:
    """Return the graph with a fold's weights in it, for batches of one shape, which the logits must have too.

    Args:
        graph: Graph with open weights; it is left as it is.
        weights: Weights of a fold by the network's names; they are not copied, and are kept.
        shape: Shape of a batch, (n, c, *patch).
        path: File or folder that the graph was read from, named in errors.

    Raises:
        ModelError: The graph is not this network's.
    """
    model = graph.clone()
    try:
        for parameter in model.get_parameters():
            if (name := parameter.get_friendly_name()) != _TILE:
                constant = openvino.op.Constant(weights[name].numpy(), shared_memory=True)
                parameter.output(0).replace(constant.output(0))
                model.remove_parameter(parameter)
        model.reshape(list(shape))
        count, _, *patch = model.output(0).shape
    except (KeyError, RuntimeError) as error:
        if is_exhausted(error):
            raise
        raise _misfit(path, _reason(error)) from error
    if [count, *patch] != [shape[0], *shape[2:]]:
        raise _misfit(path, f"its logits are {patch} voxels large")
    return model


def ending_channels_last(model: openvino.Model) -> openvino.Model:
    """Return the model, changed so that its logits (n, k, *patch) end as (n, *patch, k).

    OpenVINO's convolutions leave the classes of a voxel side by side, and to part them takes 23 % of a pass of 31.
    """
    end = model.get_results()[0].input(0)
    order = np.array([0, *range(2, len(model.output(0).shape)), 1])
    end.replace_source_output(opset13.transpose(end.get_source_output(), order).output(0))
    model.validate_nodes_and_infer_types()
    return model


def save(graph: openvino.Model, folder: Path) -> None:
    """Write a graph as the files that a bundle ships."""
    openvino.save_model(graph, folder / _XML, compress_to_fp16=False)


def _places(network: nn.Module) -> Iterator[tuple[nn.Module, str, str, torch.Tensor]]:
    """Yield each parameter and buffer with its module, its name there and in the network.

    Counters have no part in a pass, and are left out.
    """
    for path, module in network.named_modules():
        for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            if tensor.is_floating_point():
                yield module, name, f"{path}.{name}" if path else name, tensor


def _small_tile(bundle: Bundle) -> list[int]:
    """Return the size of a tile that a network can be traced with: the smallest whose deepest stage has two voxels.

    Where the plans don't say how a network divides, that is the patch.
    """
    patch = bundle.configuration.patch_size
    strides = bundle.configuration.architecture.arch_kwargs.get("strides")
    if not isinstance(strides, list) or not all(isinstance(each, list) for each in strides):
        return list(patch)
    return [min(size, 2 * prod(along)) for size, along in zip(patch, zip(*strides, strict=True), strict=True)]


@contextmanager
def _kept_log() -> Iterator[None]:
    """Undo what OpenVINO's converter does to the root logger, and leaves so where it fails."""
    root = logging.getLogger()
    handlers, filters, level = root.handlers[:], root.filters[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.filters[:] = handlers, filters
        root.setLevel(level)


def _put(module: nn.Module, name: str, tensor: torch.Tensor) -> None:
    """Replace a parameter by a plain tensor, which torch otherwise refuses."""
    registered: dict[str, Any] = module._parameters if name in module._parameters else module._buffers
    registered.pop(name, None)
    object.__setattr__(module, name, tensor)


def _misfit(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"The graph of {path} must be that of the network that the plans describe, but is not ({reason})."
        " Was it exported for another model?"
    )


def _reason(error: Exception) -> str:
    """Return the last line of an error, in which OpenVINO gives the cause."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].strip().rstrip(".")
