"""An ensemble with weights from chance, to measure with: what time and memory a network takes does not hang on them.

    python benchmarks/untrained.py test_data/han_seg/model --output build/untrained \
        --spacing-mm 2 0.78 0.78 --patch 64 160 160 --features 4 8
    python benchmarks/untrained.py test_data/hecktor/model --output build/untrained --preset recurrence \
        --channels noNorm noNorm --classes 2 --folds 5 --mirroring-axes 0 1 2 --default-settings

Everything that is not asked for is that of the bundle that is given. With a preset of `hnseg-train` and the channels of
another challenge the bundle of one becomes that of the other, here HECKTOR's that of recurrence volumes.
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

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.bundle import Bundle, open_bundle
from hnseg.inference.model.manifest import (
    DATASET_FILE,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    Fold,
    Manifest,
    weights_file,
)
from hnseg.inference.model.nnunet_plans import configuration_of, read_dataset, read_plans
from hnseg.selftest.untrained import initialise, save_weights
from hnseg_training.fitting.preset import PRESETS, preset_named


@dataclass(frozen=True)
class Wanted:
    """What is to be other than the model's; None for what is not.

    Attributes:
        preset: Name of the preset of `hnseg-train` whose spacing, patch and network it gets; the others come first.
        spacing_mm: The network's (z, y, x).
        patch: Of the network's voxels (z, y, x).
        features: Of each stage; as many stages as numbers.
        folds: How many.
        classes: How many, the background with them.
        channels: Names of all, as in dataset.json: noNorm for those that are taken as they are.
        mirroring_axes: Of the patch.
        default_settings: Whether the method's settings are the challenge's own, in place of those in the bundle.
    """

    preset: str | None = None
    spacing_mm: Sequence[float] | None = None
    patch: Sequence[int] | None = None
    features: Sequence[int] | None = None
    folds: int | None = None
    classes: int | None = None
    channels: Sequence[str] | None = None
    mirroring_axes: Sequence[int] | None = None
    default_settings: bool = False


def main() -> int:
    """Write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported bundle, or nnU-Net's result folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--preset", choices=PRESETS, metavar="NAME", help="of hnseg-train: spacing, patch and network")
    parser.add_argument("--spacing-mm", type=float, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--patch", type=int, nargs=3, metavar=("Z", "Y", "X"))
    parser.add_argument("--features", type=int, nargs="+", help="of each stage; as many stages as numbers")
    parser.add_argument("--folds", type=int, help="how many")
    parser.add_argument("--classes", type=int, help="how many, the background with them")
    parser.add_argument("--channels", nargs="+", help="names of all; noNorm for those that are taken as they are")
    parser.add_argument("--default-settings", action="store_true", help="without the bundle's method.json")
    parser.add_argument("--mirroring-axes", type=int, nargs="*", help="of the patch; none after it for no mirroring")
    given = vars(parser.parse_args())
    write_bundle(given.pop("model"), given.pop("output"), Wanted(**given))
    return 0


def write_bundle(source: Path, output: Path, wanted: Wanted) -> Path:
    """Write a bundle like the model in a folder but for what is wanted; what was there is replaced."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    model = open_bundle(source)
    if (source / METHOD_FILE).is_file() and not wanted.default_settings:
        shutil.copyfile(source / METHOD_FILE, output / METHOD_FILE)
    dataset = json.loads((source / DATASET_FILE).read_text())
    if wanted.classes:
        names = ("background", *(f"class_{number}" for number in range(1, wanted.classes)))
        dataset["labels"] = {name: number for number, name in enumerate(names)}
        dataset.pop("regions_class_order", None)
    if wanted.channels:
        dataset["channel_names"] = {str(number): name for number, name in enumerate(wanted.channels)}
    (output / DATASET_FILE).write_text(json.dumps(dataset))
    plans = json.loads((source / PLANS_FILE).read_text())
    if wanted.preset:
        plans = preset_named(wanted.preset).applied_to(plans)
    change(plans["configurations"][model.configuration.name], wanted)
    (output / PLANS_FILE).write_text(json.dumps(plans))
    folds = range(wanted.folds) if wanted.folds else model.folds
    write_weights(model, folds, output, mirroring_axes=wanted.mirroring_axes)
    return output


def change(configuration: dict[str, Any], wanted: Wanted) -> None:
    """Put what is wanted into one configuration of the plans."""
    if spacing_mm := wanted.spacing_mm or (wanted.preset and preset_named(wanted.preset).spacing_zyx_mm):
        configuration["spacing"] = spacing_mm
    if wanted.channels:
        # noNorm is what nnU-Net takes as it is; every other name of its own stands for the z-score but for CT.
        schemes = {"noNorm": "NoNormalization", "CT": "CTNormalization"}
        configuration["normalization_schemes"] = [schemes.get(name, "ZScoreNormalization") for name in wanted.channels]
        configuration["use_mask_for_norm"] = [False] * len(wanted.channels)
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
            channels=len(configuration.normalization_schemes),
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
