"""Graphs of ONNX made by its own package: one convolution, and bundles of such graphs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hnseg.inference.model.bundle import open_bundle
from tests.support.exported_bundles import seal

FLOAT = TensorProto.FLOAT


def convolution(
    batch: Sequence[int], outputs: int, *, seed: int = 0, domain: str = "", element: int = FLOAT, opset: int = 17
) -> onnx.ModelProto:
    """Return a model of one 1 x 1 x 1 convolution with a bias for batches of a shape (1, c, *patch)."""
    rng = np.random.default_rng(seed)
    ones = (1,) * (len(batch) - 2)
    weights = {
        "weight": rng.normal(size=(outputs, batch[1], *ones)).astype(np.float32),
        "bias": rng.normal(size=outputs).astype(np.float32),
    }
    graph = helper.make_graph(
        [helper.make_node("Conv", ["tile", "weight", "bias"], ["logits"], domain=domain)],
        "network",
        [helper.make_tensor_value_info("tile", element, list(batch))],
        [helper.make_tensor_value_info("logits", element, [batch[0], outputs, *batch[2:]])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def weights_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Return the weights of a model by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def with_graphs(model: Path, bundle: Path) -> Path:
    """Copy an exported bundle with graphs of one convolution each instead of its weights, and return the new folder."""
    shutil.copytree(model, bundle)
    opened = open_bundle(bundle)
    patch, outputs = opened.configuration.patch_size, len(opened.dataset.output_values)
    for fold in opened.folds:
        (bundle / f"fold_{fold}.safetensors").unlink()
        graph = convolution((1, len(opened.channels), *patch), outputs, seed=int(fold))
        onnx.save_model(graph, bundle / f"fold_{fold}.onnx")
    manifest = json.loads((bundle / "manifest.json").read_text()) | {
        "format": "hnseg-bundle-2",
        "architecture": {"trainer": "nnUNetTrainerOwn", "patch_size": list(patch), "opset": 17, "pass_gib": 0.01},
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    seal(bundle)
    return bundle
