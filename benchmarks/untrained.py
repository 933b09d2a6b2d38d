"""An ensemble with weights from chance, to measure with: what time and memory a network takes does not hang on them.

    python benchmarks/untrained.py test_data/han_seg/model --output build/untrained \
        --spacing-mm 2 0.78 0.78 --patch 64 160 160 --features 4 8

Everything that is not asked for is that of the bundle that is given.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from hnseg.inference.architecture import build_network
from hnseg.inference.bundle import Bundle, open_bundle
from hnseg.inference.manifest import (
    DATASET_FILE,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    Fold,
    Manifest,
    sha256_of,
    weights_file,
)
from hnseg.inference.plans import configuration_of, read_plans


def main() -> int:
    """Write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported bundle, or nnU-Net's result folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--spacing-mm", type=float, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--patch", type=int, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--features", type=int, nargs="+", help="of each stage; as many stages as numbers")
    parser.add_argument("--folds", type=int, help="how many")
    given = parser.parse_args()
    shutil.rmtree(given.output, ignore_errors=True)
    given.output.mkdir(parents=True)
    model = open_bundle(given.model)
    for name in (PLANS_FILE, DATASET_FILE, METHOD_FILE):
        if (given.model / name).is_file():
            shutil.copyfile(given.model / name, given.output / name)
    plans = json.loads((given.model / PLANS_FILE).read_text())
    change(plans["configurations"][model.configuration.name], given)
    (given.output / PLANS_FILE).write_text(json.dumps(plans))
    write_weights(model, range(given.folds) if given.folds else model.folds, given.output)
    return 0


def change(configuration: dict[str, Any], given: argparse.Namespace) -> None:
    """Put what is asked for into one configuration of the plans."""
    if given.spacing_mm:
        configuration["spacing"] = given.spacing_mm
    if given.patch:
        configuration["patch_size"] = given.patch
    if given.features:
        arguments = configuration["architecture"]["arch_kwargs"]
        stages = len(given.features)
        arguments |= {"n_stages": stages, "features_per_stage": given.features}
        for name in ("strides", "kernel_sizes", "n_conv_per_stage"):
            arguments[name] = arguments[name][:stages]
        arguments["n_conv_per_stage_decoder"] = arguments["n_conv_per_stage_decoder"][: stages - 1]


def write_weights(model: Bundle, folds: Sequence[Fold], output: Path) -> None:
    """Write weights as torch initialises layers, and the manifest."""
    plans_path = output / PLANS_FILE
    configuration = configuration_of(read_plans(output), model.configuration.name, plans_path)
    for seed, fold in enumerate(folds):
        torch.manual_seed(seed)
        network = build_network(
            configuration.architecture,
            channels=len(model.channels),
            outputs=len(model.dataset.output_values),
            path=plans_path,
        ).to_empty(device="cpu")
        for layer in network.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        once = {tensor.data_ptr(): (name, tensor) for name, tensor in network.state_dict().items()}
        save_file({name: tensor.clone() for name, tensor in once.values()}, output / weights_file(fold))
        (output / weights_file(fold)).chmod(0o644)  # a container's user reads it too
    manifest = Manifest(
        name=f"as large as {model.folder.name}",
        version="0",
        licence="CC0-1.0",
        training_data="none",
        configuration=configuration.name,
        mirroring_axes=model.mirroring_axes,
        folds=tuple(folds),
        sha256={path.name: sha256_of(path) for path in sorted(output.iterdir())},
    )
    (output / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2))


if __name__ == "__main__":
    sys.exit(main())
