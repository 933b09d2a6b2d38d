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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.bundle import Bundle, open_bundle
from hnseg.inference.model.manifest import (
    DATASET_FILE,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    Fold,
    Manifest,
    sha256_of,
    weights_file,
)
from hnseg.inference.model.nnunet_plans import configuration_of, read_dataset, read_plans
from hnseg.selftest.untrained import initialise, save_weights


@dataclass(frozen=True)
class Wanted:
    """What is to be other than the model's; None for what is not.

    Attributes:
        spacing_mm: The network's (z, y, x).
        patch: Of the network's voxels (z, y, x).
        features: Of each stage; as many stages as numbers.
        folds: How many.
        classes: How many, the background with them.
        mirroring_axes: Of the patch.
    """

    spacing_mm: Sequence[float] | None = None
    patch: Sequence[int] | None = None
    features: Sequence[int] | None = None
    folds: int | None = None
    classes: int | None = None
    mirroring_axes: Sequence[int] | None = None


def main() -> int:
    """Write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported bundle, or nnU-Net's result folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--spacing-mm", type=float, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--patch", type=int, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--features", type=int, nargs="+", help="of each stage; as many stages as numbers")
    parser.add_argument("--folds", type=int, help="how many")
    parser.add_argument("--classes", type=int, help="how many, the background with them")
    parser.add_argument("--mirroring-axes", type=int, nargs="*", help="of the patch; none after it for no mirroring")
    given = vars(parser.parse_args())
    write_bundle(given.pop("model"), given.pop("output"), Wanted(**given))
    return 0


def write_bundle(source: Path, output: Path, wanted: Wanted) -> Path:
    """Write a bundle like the model in a folder but for what is wanted; what was there is replaced."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    model = open_bundle(source)
    if (source / METHOD_FILE).is_file():
        shutil.copyfile(source / METHOD_FILE, output / METHOD_FILE)
    dataset = json.loads((source / DATASET_FILE).read_text())
    if wanted.classes:
        names = ("background", *(f"class_{number}" for number in range(1, wanted.classes)))
        dataset["labels"] = {name: number for number, name in enumerate(names)}
        dataset.pop("regions_class_order", None)
    (output / DATASET_FILE).write_text(json.dumps(dataset))
    plans = json.loads((source / PLANS_FILE).read_text())
    change(plans["configurations"][model.configuration.name], wanted)
    (output / PLANS_FILE).write_text(json.dumps(plans))
    folds = range(wanted.folds) if wanted.folds else model.folds
    write_weights(model, folds, output, mirroring_axes=wanted.mirroring_axes)
    return output


def change(configuration: dict[str, Any], wanted: Wanted) -> None:
    """Put what is wanted into one configuration of the plans."""
    if wanted.spacing_mm:
        configuration["spacing"] = wanted.spacing_mm
    if wanted.patch:
        configuration["patch_size"] = wanted.patch
    if wanted.features:
        arguments = configuration["architecture"]["arch_kwargs"]
        stages = len(wanted.features)
        arguments |= {"n_stages": stages, "features_per_stage": wanted.features}
        for name in ("strides", "kernel_sizes", "n_conv_per_stage"):
            arguments[name] = arguments[name][:stages]
        arguments["n_conv_per_stage_decoder"] = arguments["n_conv_per_stage_decoder"][: stages - 1]


def write_weights(
    model: Bundle, folds: Sequence[Fold], output: Path, *, mirroring_axes: Sequence[int] | None = None
) -> None:
    """Write weights as torch initialises layers, and the manifest.

    Args:
        model: Has what the plans and the data set in `output` don't tell.
        folds: To be written.
        output: Holds plans and data set.
        mirroring_axes: Of the patch; None for the model's.
    """
    plans_path = output / PLANS_FILE
    configuration = configuration_of(read_plans(output), model.configuration.name, plans_path)
    outputs = len(read_dataset(output).output_values)
    for seed, fold in enumerate(folds):
        network = build_network(
            configuration.architecture,
            channels=len(model.channels),
            outputs=outputs,
            path=plans_path,
        )
        save_weights(initialise(network, seed), output / weights_file(fold))
    manifest = Manifest(
        name=f"as large as {model.folder.name}",
        version="0",
        licence="CC0-1.0",
        training_data="none",
        configuration=configuration.name,
        mirroring_axes=model.mirroring_axes if mirroring_axes is None else tuple(mirroring_axes),
        folds=tuple(folds),
        sha256={path.name: sha256_of(path) for path in sorted(output.iterdir())},
    )
    (output / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2))


if __name__ == "__main__":
    sys.exit(main())
