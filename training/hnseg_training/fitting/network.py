"""Levels of networks that a preset puts in the place of the planner's, in the form of nnU-Net's plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

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

    def architecture(self) -> dict[str, Any]:
        """Return the network as the plans' architecture."""
        from hnseg.inference.model.architecture import DYNUNET  # which imports torch; presets are data without it

        levels = {
            **_levels(self.features, self.strides_zyx),
            "kernel_sizes": [list(kernel) for kernel in self.kernels_zyx],
        }
        return _of_our_own(DYNUNET, {**levels, "normalisation": self.normalisation})


class Unet3dNetwork(Frozen):
    """Levels of the 3-D U-Net of Kutnár et al., from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]

    def architecture(self) -> dict[str, Any]:
        """Return the network as the plans' architecture."""
        from hnseg.inference.model.architecture import UNET_3D  # which imports torch; presets are data without it

        return _of_our_own(UNET_3D, _levels(self.features, self.strides_zyx))


Number = TypeVar("Number", int, float)
AnyNetwork = Network | DynUnetNetwork | Unet3dNetwork
"""Network that a preset describes."""


def in_order(network: AnyNetwork, axes: Sequence[int]) -> AnyNetwork:
    """Return a network whose strides and kernels follow the axes of plans.

    Args:
        network: Levels, by z, y and x.
        axes: Axis of the image (0 z, 1 y, 2 x) that each axis of the plans is, nnU-Net's `transpose_forward`.
    """
    named = {name: getattr(network, name) for name in ("strides_zyx", "kernels_zyx") if hasattr(network, name)}
    turned = {name: tuple(tuple(level[axis] for axis in axes) for level in levels) for name, levels in named.items()}
    return network.model_copy(update=turned)


def by_zyx(values: Sequence[Number], plans: Mapping[str, Any]) -> list[Number]:
    """Return values of the plans' axes in the order z, y, x.

    Args:
        values: Values such as a patch's size, in the order of the plans' axes.
        plans: nnU-Net's plans, which turn the axes so that the coarsest spacing comes first.

    >>> by_zyx([4.0, 2.5, 4.1], {"transpose_backward": [1, 0, 2]})
    [2.5, 4.0, 4.1]
    """
    return [values[axis] for axis in plans["transpose_backward"]]


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


def _levels(features: tuple[int, ...], strides_zyx: tuple[Zyx, ...]) -> dict[str, Any]:
    return {"features_per_stage": list(features), "strides": [list(stride) for stride in strides_zyx]}


def _of_our_own(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"network_class_name": name, "arch_kwargs": arguments, "_kw_requires_import": []}
