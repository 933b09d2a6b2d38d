"""Architecture of plans written before nnU-Net 2.4, which describe a U-Net by a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLASSES = {"PlainConvUNet": "n_conv_per_stage", "ResidualEncoderUNet": "n_blocks_per_stage"}
"""Name, for each class, of the argument for the number of convolutions or blocks of an encoder's stages."""

_NUMBERS = (
    "patch_size",
    "n_conv_per_stage_encoder",
    "n_conv_per_stage_decoder",
    "UNet_base_num_features",
    "unet_max_num_features",
    "conv_kernel_sizes",
    "pool_op_kernel_sizes",
)


def architecture_of_old_plans(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the architecture as later plans spell it out.

    Args:
        configuration: Values of one configuration of the plans.

    Raises:
        ValueError: A number is missing, or it is not one of the two networks that such plans were written for.
    """
    name = configuration.get("UNet_class_name")
    if name not in _CLASSES:
        raise ValueError(f"UNet_class_name must be one of {', '.join(_CLASSES)}, found {name}")
    if missing := [key for key in _NUMBERS if key not in configuration]:
        raise ValueError(f"without an architecture there must be {', '.join(missing)}")
    dimensions = len(configuration["patch_size"])
    stages = len(configuration["n_conv_per_stage_encoder"])
    base, most = configuration["UNet_base_num_features"], configuration["unet_max_num_features"]
    return {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{name}",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": [min(base * 2**stage, most) for stage in range(stages)],
            "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
            "kernel_sizes": configuration["conv_kernel_sizes"],
            "strides": configuration["pool_op_kernel_sizes"],
            _CLASSES[name]: configuration["n_conv_per_stage_encoder"],
            "n_conv_per_stage_decoder": configuration["n_conv_per_stage_decoder"],
            "conv_bias": True,
            "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
