"""Untrained ensembles: bundles with weights from chance, for tests of a device that need no model.

Time and memory of a network do not depend on its weights, and its label maps show every label somewhere. The plans are
those that nnU-Net writes, with a plain convolutional U-Net.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.manifest import DATASET_FILE, MANIFEST_FILE, PLANS_FILE, Manifest, weights_file
from hnseg.inference.model.nnunet_plans import configuration_of, read_plans
from hnseg.inference.planning.tiling import Shape3

_CONFIGURATION = "3d_fullres"
_RESAMPLING = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}


@dataclass(frozen=True)
class Shape:
    """Shape of an untrained ensemble.

    Attributes:
        patch: Size of a patch in voxels, (z, y, x), each a multiple of 2 to the number of stages less one.
        features: Number of features of each stage; as many stages as numbers.
        labels: Number of labels, the background with them.
        folds: Number of folds.
        spacing_mm: Voxel size of the network, (z, y, x).
        background: Logit of the background in every voxel, so that it covers most of an image and few labels compete in
            a place, as in a real one; None for one from chance.
    """

    patch: Shape3
    features: tuple[int, ...]
    labels: int = 4
    folds: int = 2
    spacing_mm: tuple[float, float, float] = (2.0, 1.0, 1.0)
    background: float | None = None


def write_untrained(shape: Shape, folder: Path) -> Path:
    """Write an exported bundle of untrained networks into a folder, which is made, and return the folder."""
    folder.mkdir(parents=True)
    labels = {"background": 0, **{f"structure_{number}": number for number in range(1, shape.labels)}}
    (folder / DATASET_FILE).write_text(json.dumps({"channel_names": {"0": "noNorm"}, "labels": labels}))
    (folder / PLANS_FILE).write_text(json.dumps(_plans(shape)))
    for fold in range(shape.folds):
        _write_weights(shape, fold, folder)
    manifest = Manifest(
        name="untrained",
        version="0",
        licence="CC0-1.0",
        training_data="none",
        configuration=_CONFIGURATION,
        mirroring_axes=(),
        folds=tuple(range(shape.folds)),
        sha256={path.name: sha256_of(path) for path in sorted(folder.iterdir())},
    )
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2))
    return folder


def initialise(network: nn.Module, seed: int) -> nn.Module:
    """Give a network without values weights as torch initialises layers, and return it."""
    network.to_empty(device="cpu")
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        for layer in network.modules():
            if callable(reset := getattr(layer, "reset_parameters", None)):
                reset()
    return network


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights as a bundle has them, each tensor once; a container's user reads them too."""
    once = {tensor.data_ptr(): (name, tensor) for name, tensor in network.state_dict().items()}
    save_file({name: tensor.clone() for name, tensor in once.values()}, path)
    path.chmod(0o644)


def _write_weights(shape: Shape, fold: int, folder: Path) -> None:
    """Write a fold's weights; its number is the seed."""
    path = folder / PLANS_FILE
    architecture = configuration_of(read_plans(folder), _CONFIGURATION, path).architecture
    network = initialise(build_network(architecture, channels=1, outputs=shape.labels, path=path), fold)
    if shape.background is not None:
        last = f"decoder.seg_layers.{len(shape.features) - 2}"
        network.get_parameter(f"{last}.weight")[0] = 0
        network.get_parameter(f"{last}.bias")[0] = shape.background
    save_weights(network, folder / weights_file(fold))


def _plans(shape: Shape) -> dict[str, Any]:
    configuration = {
        "preprocessor_name": "DefaultPreprocessor",
        "patch_size": shape.patch,
        "spacing": shape.spacing_mm,
        "normalization_schemes": ["NoNormalization"],
        "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": _RESAMPLING,
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": _RESAMPLING | {"order": 1},
        "architecture": _architecture(shape.features),
    }
    return {
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {},
        "configurations": {_CONFIGURATION: configuration},
    }


def _architecture(features: tuple[int, ...]) -> dict[str, Any]:
    stages = len(features)
    arguments = {
        "n_stages": stages,
        "features_per_stage": features,
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    return {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": arguments,
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
