"""Check of a fold's graph before anything loads it: that it holds no code, and fits the plans and the data set."""

from __future__ import annotations

from pathlib import Path

from hnseg.errors import ModelError
from hnseg.inference.model.graph.onnx_file import FLOAT, OnnxFile, Port, read_onnx_file

LARGEST_PLAIN_BYTES = 2_000_000_000
"""Size from which a graph's weights lie in a file beside it: a message of Protocol Buffers ends at 2 GiB."""


def graph_file(fold: int | str) -> str:
    """Return the name of the file with the graph of one fold of an exported bundle."""
    return f"fold_{fold}.onnx"


def external_file(graph: str) -> str:
    """Return the name of the file beside a graph that holds its weights where they are too large for it."""
    return f"{graph}.data"


def check_graph(path: Path, *, batch: tuple[int, ...], outputs: int, opset: int) -> OnnxFile:
    """Check a fold's graph, and return what it holds.

    Args:
        path: ONNX file of the fold.
        batch: Shape (1, c, *patch) of what it must take.
        outputs: Number of classes or regions, for the shape (1, k, *patch) of what it must give.
        opset: Version of the operators that it must be of.

    Raises:
        ModelError: It is no such graph, or has operators or files beyond those it may have.
    """
    graph = read_onnx_file(path)
    if graph.foreign_operators:
        raise ModelError(
            f"A graph may have ONNX's own operators only, so that no library runs code for it, but {path} has"
            f" {', '.join(graph.foreign_operators)}. Was it exported with operators of a network's own?"
        )
    if beyond := sorted(set(graph.external_files) - {external_file(path.name)}):
        raise ModelError(
            f"A graph's weights must lie in it, or beside it in {external_file(path.name)}, but {path} names"
            f" {beyond[0]!r}. Was it changed by hand, or exported by another program?"
        )
    if graph.opset != opset:
        raise _misfit(path, f"it is of ONNX's operators {graph.opset} instead of {opset}")
    _check_port("takes", graph.inputs, batch, path)
    _check_port("gives", graph.outputs, (batch[0], outputs, *batch[2:]), path)
    return graph


def _check_port(verb: str, ports: tuple[Port, ...], shape: tuple[int, ...], path: Path) -> None:
    """Check that a graph has one input, or output, of single precision and of a shape."""
    wanted = f"must be one array of float32 of the shape {shape}"
    if len(ports) != 1:
        raise _misfit(path, f"what it {verb} {wanted}, but is {len(ports)} arrays")
    port = ports[0]
    if port.element != FLOAT or port.shape != shape:
        kind = "float32" if port.element == FLOAT else f"ONNX's type {port.element}"
        raise _misfit(path, f"what it {verb} {wanted}, but is {kind} of the shape {port.shape}")


def _misfit(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"The graph {path} must fit the manifest, the plans and the data set beside it, but {reason}."
        " Do these files belong together?"
    )
