"""Graphs of a bundle in ONNX's format, read by OpenVINO."""

from __future__ import annotations

from pathlib import Path

import openvino

from hnseg.errors import ConversionError
from hnseg.inference.backends.openvino_graph import core
from hnseg.inference.model.bundle import Bundle
from hnseg.machine import is_exhausted


def graph_models(bundle: Bundle) -> list[openvino.Model]:
    """Read the graphs of all folds, each with its weights, for one tile at a time.

    Raises:
        ConversionError: OpenVINO can't read one, or reads it as one that gives logits of another shape.
    """
    patch = bundle.configuration.patch_size
    wanted = [1, len(bundle.dataset.output_values), *patch]
    return [_read(path, [1, bundle.network_channels, *patch], wanted) for path in bundle.weights_files]


def _read(path: Path, batch: list[int], wanted: list[int]) -> openvino.Model:
    try:
        model = core().read_model(path)
        model.reshape(batch)
        found = list(model.output(0).shape)
    except RuntimeError as error:
        if is_exhausted(error):
            raise
        raise _unreadable(path, " ".join(str(error).split())) from error
    if found != wanted:
        raise _unreadable(path, f"its logits have the shape {found} instead of {wanted}")
    return model


def _unreadable(path: Path, reason: str) -> ConversionError:
    return ConversionError(
        f"OpenVINO must be able to run the graph {path}, but can't ({reason}). Does it have operators that this version"
        " does not know? HNSEG_BACKEND=onnxruntime runs it with onnxruntime."
    )
