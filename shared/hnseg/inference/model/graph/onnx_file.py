"""Contents of an ONNX file that decide whether it may run here: operators, inputs, outputs, and files it names.

Field numbers: `onnx.proto` of ONNX (github.com/onnx/onnx). The package onnx itself would read all weights into memory,
and inference does not need it otherwise.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import ModelError
from hnseg.inference.model.graph.wire_format import fields, numbers, parts, text

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
"""Domains of ONNX's own operators; `ai.onnx` is the long name of the first."""
FLOAT = 1
"""Code of float32 among ONNX's types of elements."""

_GRAPH, _OPSETS, _FUNCTIONS, _TRAINING = 7, 8, 25, 20  # of a model
_NODES, _INITIALIZERS, _INPUTS, _OUTPUTS, _SPARSE = 1, 5, 11, 12, 15  # of a graph
_OPERATOR, _ATTRIBUTES, _DOMAIN = 4, 5, 7  # of a node
_TENSORS_OF_ATTRIBUTE, _GRAPHS_OF_ATTRIBUTE, _SPARSE_OF_ATTRIBUTE = (5, 10), (6, 11), (22, 23)
_TENSORS_OF_SPARSE = (1, 2)
_NAME_OF_TENSOR, _EXTERNAL = 8, 13
_DEEPEST = 16  # graphs within graphs, as loops have


@dataclass(frozen=True)
class Port:
    """Input or output of a graph.

    Attributes:
        name: Name in the graph.
        element: ONNX's code of the type of its elements.
        shape: Length of each axis; None where it is open.
    """

    name: str
    element: int
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxFile:
    """Contents of an ONNX file.

    Attributes:
        opset: Version of the standard operators; 0 where there is none.
        inputs: Inputs that are not weights.
        outputs: Outputs.
        foreign_operators: Names of operators beyond ONNX's own, with their domains, sorted.
        external_files: Files of weights that it names, as it writes them, sorted.
    """

    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    foreign_operators: tuple[str, ...]
    external_files: tuple[str, ...]


def read_onnx_file(path: Path) -> OnnxFile:
    """Read what an ONNX file holds beside its weights.

    Raises:
        ModelError: It can't be read, or is no ONNX file.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return _model(memoryview(mapped))  # it ends with the last view of it
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} must be a graph in ONNX's format, but it can't be read as one ({error})."
            " Was it written by another program, or cut short?"
        ) from error


def _model(message: memoryview) -> OnnxFile:
    graphs = list(parts(message, _GRAPH))
    if len(graphs) != 1:
        raise ValueError(f"{len(graphs)} graphs instead of one")
    graph = graphs[0]
    functions, training = (list(parts(message, number)) for number in (_FUNCTIONS, _TRAINING))
    if functions or training:
        raise ValueError("functions or a training of its own beside its graph")
    weights = {text(tensor, _NAME_OF_TENSOR) for tensor in parts(graph, _INITIALIZERS)}
    nodes, external = _walked(graph)
    return OnnxFile(
        opset=max((_opset(entry) for entry in parts(message, _OPSETS)), default=0),
        inputs=tuple(port for port in map(_port, parts(graph, _INPUTS)) if port.name not in weights),
        outputs=tuple(map(_port, parts(graph, _OUTPUTS))),
        foreign_operators=tuple(sorted(nodes)),
        external_files=tuple(sorted(external)),
    )


def _opset(entry: memoryview) -> int:
    """Return the version of an imported set of operators; 0 where it is not the standard one."""
    return max(numbers(entry, 2), default=0) if text(entry, 1) in STANDARD_DOMAINS else 0


def _walked(graph: memoryview, depth: int = 0) -> tuple[set[str], set[str]]:
    """Return the foreign operators and the external files of a graph and of those within its nodes."""
    if depth > _DEEPEST:
        raise ValueError(f"graphs within graphs, more than {_DEEPEST} deep")
    foreign: set[str] = set()
    external = {location for tensor in _tensors(graph) for location in _locations(tensor)}
    for node in parts(graph, _NODES):
        if (domain := text(node, _DOMAIN)) not in STANDARD_DOMAINS:
            foreign.add(f"{domain}.{text(node, _OPERATOR)}")
        for attribute in parts(node, _ATTRIBUTES):
            external |= {location for tensor in _tensors_of(attribute) for location in _locations(tensor)}
            for inner in _parts_of_any(attribute, _GRAPHS_OF_ATTRIBUTE):
                of_inner = _walked(inner, depth + 1)
                foreign, external = foreign | of_inner[0], external | of_inner[1]
    return foreign, external


def _tensors(graph: memoryview) -> Iterator[memoryview]:
    """Yield the tensors of a graph's weights."""
    yield from parts(graph, _INITIALIZERS)
    for sparse in parts(graph, _SPARSE):
        yield from _parts_of_any(sparse, _TENSORS_OF_SPARSE)


def _tensors_of(attribute: memoryview) -> Iterator[memoryview]:
    """Yield the tensors of a node's attribute."""
    yield from _parts_of_any(attribute, _TENSORS_OF_ATTRIBUTE)
    for sparse in _parts_of_any(attribute, _SPARSE_OF_ATTRIBUTE):
        yield from _parts_of_any(sparse, _TENSORS_OF_SPARSE)


def _parts_of_any(message: memoryview, wanted: tuple[int, ...]) -> Iterator[memoryview]:
    for number, value in fields(message):
        if number in wanted and isinstance(value, memoryview):
            yield value


def _locations(tensor: memoryview) -> Iterator[str]:
    """Yield the external files that a tensor names."""
    for entry in parts(tensor, _EXTERNAL):
        if text(entry, 1) == "location":
            yield text(entry, 2)


def _port(value: memoryview) -> Port:
    """Return an input or output; the type of one that is no tensor is 0."""
    element = 0
    shape: tuple[int | None, ...] = ()
    for kind in parts(value, 2):
        for tensor in parts(kind, 1):
            element = max(numbers(tensor, 1), default=0)
            shape = tuple(_length(axis) for axes in parts(tensor, 2) for axis in parts(axes, 1))
    return Port(text(value, 1), element, shape)


def _length(axis: memoryview) -> int | None:
    return next(numbers(axis, 1), None)
