"""Levels of networks that a preset puts in the place of the planner's, in the form of nnU-Net's plans."""

from __future__ import annotations

from typing import Any, Literal

from hnseg.records import Frozen

Zyx = tuple[int, int, int]


class Network(Frozen):
    """Levels of a U-Net, from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]
    kernels_zyx: tuple[Zyx, ...]
    encoder_blocks: tuple[int, ...]
    """Residual blocks a level where the planner builds residual encoders, convolutions a level elsewhere."""
    decoder_convolutions: tuple[int, ...]


class DynUnetNetwork(Frozen):
    """Levels of MONAI's DynUNet with residual blocks, from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]
    kernels_zyx: tuple[Zyx, ...]
    normalisation: Literal["batch", "instance"]


class Unet3dNetwork(Frozen):
    """Levels of the 3-D U-Net of Kutnár et al., from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]


def with_network(architecture: dict[str, Any], network: Network) -> dict[str, Any]:
    """Return the plans' architecture with the levels of a network."""
    arguments = architecture["arch_kwargs"]
    blocks = "n_blocks_per_stage" if "n_blocks_per_stage" in arguments else "n_conv_per_stage"
    replaced = {
        "n_stages": len(network.features),
        "features_per_stage": list(network.features),
        "strides": [list(stride) for stride in network.strides_zyx],
        "kernel_sizes": [list(kernel) for kernel in network.kernels_zyx],
        blocks: list(network.encoder_blocks),
        "n_conv_per_stage_decoder": list(network.decoder_convolutions),
    }
    return {**architecture, "arch_kwargs": {**arguments, **replaced}}


def with_dropout(architecture: dict[str, Any], probability: float) -> dict[str, Any]:
    """Return the plans' architecture with dropout of whole features behind its convolutions."""
    arguments = {
        **architecture["arch_kwargs"],
        "dropout_op": "torch.nn.modules.dropout.Dropout3d",
        "dropout_op_kwargs": {"p": probability},
    }
    imported = dict.fromkeys([*architecture["_kw_requires_import"], "dropout_op"])
    return {**architecture, "arch_kwargs": arguments, "_kw_requires_import": list(imported)}


def dynunet_architecture(network: DynUnetNetwork) -> dict[str, Any]:
    """Return the plans' architecture of a DynUNet."""
    from hnseg.inference.model.architecture import DYNUNET  # which imports torch; presets are data without it

    return {
        "network_class_name": DYNUNET,
        "arch_kwargs": {
            "features_per_stage": list(network.features),
            "kernel_sizes": [list(kernel) for kernel in network.kernels_zyx],
            "strides": [list(stride) for stride in network.strides_zyx],
            "normalisation": network.normalisation,
        },
        "_kw_requires_import": [],
    }


def unet_3d_architecture(network: Unet3dNetwork) -> dict[str, Any]:
    """Return the plans' architecture of the 3-D U-Net of Kutnár et al."""
    from hnseg.inference.model.architecture import UNET_3D  # which imports torch; presets are data without it

    return {
        "network_class_name": UNET_3D,
        "arch_kwargs": {
            "features_per_stage": list(network.features),
            "strides": [list(stride) for stride in network.strides_zyx],
        },
        "_kw_requires_import": [],
    }
