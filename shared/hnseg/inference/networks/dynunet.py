"""DynUNet of MONAI, as the plans of a model describe it.

MONAI takes over a second to import and only models with this network need it, so it is imported when one is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import nn

from hnseg.errors import ModelError

Zyx = Sequence[int]


def build_dynunet(  # noqa: PLR0913 (nnU-Net hands the plans' arguments over by name)
    *,
    input_channels: int,
    num_classes: int,
    features_per_stage: Sequence[int],
    kernel_sizes: Sequence[Zyx],
    strides: Sequence[Zyx],
    normalisation: Literal["batch", "instance"],
    deep_supervision: bool = False,  # noqa: ARG001 (nnU-Net always gives it; this network has one output)
) -> nn.Module:
    """Return the network with residual blocks and one output, its parameters named as MONAI names them.

    Args:
        input_channels: Number of input channels.
        num_classes: Number of outputs.
        features_per_stage: Number of features of each stage, from full resolution downwards; at least 3 stages.
        kernel_sizes: Kernel size (z, y, x) of each stage.
        strides: Stride (z, y, x) of each stage; the first is 1 along every axis.
        normalisation: Normalisation of features; batch norm is that of Schanne et al., who trained with batches of 2.
        deep_supervision: Ignored.

    Raises:
        ModelError: MONAI is not installed.
    """
    try:
        from monai.networks.nets.dynunet import DynUNet
    except ImportError as error:
        raise ModelError(
            f"A DynUNet needs MONAI, but it can't be imported ({error}). Is it installed (pip install hnseg[dynunet])?"
        ) from error
    network: nn.Module = DynUNet(
        spatial_dims=3,
        in_channels=input_channels,
        out_channels=num_classes,
        kernel_size=kernel_sizes,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=features_per_stage,
        norm_name=("INSTANCE", {"affine": True}) if normalisation == "instance" else "BATCH",
        res_block=True,
    )
    return network
