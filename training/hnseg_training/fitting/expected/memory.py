"""Memory of a training: what its network keeps for the backward pass, its weights, and those of the optimiser.

The tensors that torch saves in a forward pass are counted on its `meta` device, which has shapes and no memory, so that
the count needs neither a GPU nor time. Beside it stands nnU-Net's own estimate, which its planner aims at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import torch
from torch import nn

from hnseg.machine import GIB
from hnseg_training.fitting.expected.planned_network import PlannedNetwork

Optimiser = Literal["nnUNetTrainer", "nnUNetTrainerAdam", "nnUNetTrainerVanillaAdam"]
STATES: dict[Optimiser, int] = {"nnUNetTrainer": 1, "nnUNetTrainerAdam": 3, "nnUNetTrainerVanillaAdam": 2}
"""Arrays as large as the weights that each trainer's optimiser keeps: momentum; two moments, and AMSGrad's largest."""
REFERENCES = {"PlainConvUNet": 560_000_000, "ResidualEncoderUNet": 680_000_000}
"""Values of features of two patches that nnU-Net's planners count as 8 GB (`UNet_reference_val_3d`, nnU-Net 2.8)."""

_REFERENCE_GIB = 8
_REFERENCE_BATCH = 2
_LOSS_ARRAYS = 4  # softmax, its logarithm, the reference of each class, and the gradient, all in float32
_TRANSIENT = 2  # gradients that a layer takes and gives, each as large as the largest tensor that is kept
_PROCESS_GIB = 0.9  # Python with torch and nnU-Net, and a few cases of the data loader
_CONTEXT_GIB = 1.0  # CUDA's context, and the workspace of its convolutions


@dataclass(frozen=True)
class TrainingMemory:
    """Memory that a training needs at its peak, estimated.

    Attributes:
        gpu_gib: On a GPU, where convolutions run in half precision.
        ram_gib: On a processor, of the whole process.
        nnunet_gib: On a GPU as nnU-Net's planner counts it; None for a network that it doesn't know.
    """

    gpu_gib: float
    ram_gib: float
    nnunet_gib: float | None


@dataclass(frozen=True)
class Kept:
    """Tensors that a forward pass keeps for the backward pass, weights left out.

    Attributes:
        bytes_in_all: Bytes of all of them in single precision.
        bytes_of_largest: Bytes of the largest.
    """

    bytes_in_all: int
    bytes_of_largest: int


def training_memory(planned: PlannedNetwork, trainer: Optimiser) -> TrainingMemory:
    """Return the memory that a training needs.

    Args:
        planned: Network and patches of the plans.
        trainer: Name of nnU-Net's trainer, which decides the optimiser.
    """
    network = _on_meta(planned)
    kept = kept_for_backward(network, planned.shape)
    weights = sum(parameter.nbytes for parameter in network.parameters())
    loss = _LOSS_ARRAYS * 4 * planned.batch_size * planned.outputs * prod(planned.patch_zyx)
    passing = kept.bytes_in_all + _TRANSIENT * kept.bytes_of_largest
    fixed = (2 + STATES[trainer]) * weights + loss
    return TrainingMemory(
        gpu_gib=(passing / 2 + fixed) / GIB + _CONTEXT_GIB,
        ram_gib=(passing + fixed) / GIB + _PROCESS_GIB,
        nnunet_gib=_as_nnunet_counts(planned),
    )


def kept_for_backward(network: nn.Module, shape: tuple[int, ...]) -> Kept:
    """Return what a forward pass keeps.

    Args:
        network: Network on the meta device, in training mode.
        shape: Shape (b, c, z, y, x) of the batch.
    """
    own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        """Note the storage of a tensor that is kept, unless it is a parameter's."""
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage  # which holds it, so that no other one gets its address
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(torch.empty(shape, device="meta"))
    sizes = [storage.nbytes() for storage in kept.values()]
    return Kept(sum(sizes), max(sizes, default=0))


def parameter_count(planned: PlannedNetwork) -> int:
    """Return the number of the network's parameters."""
    return sum(parameter.numel() for parameter in _on_meta(planned).parameters())


def _on_meta(planned: PlannedNetwork) -> nn.Module:
    with torch.device("meta"):
        return planned.build()


def _as_nnunet_counts(planned: PlannedNetwork) -> float | None:
    """Return nnU-Net's own estimate, in proportion to its reference; it counts a network with one output."""
    if planned.name not in REFERENCES:
        return None
    network = _on_meta(replace(planned, deep_supervision=False))
    values = network.compute_conv_feature_map_size(planned.patch_zyx)  # type: ignore[operator]  # of nnU-Net's networks
    return float(values) * planned.batch_size / _REFERENCE_BATCH / REFERENCES[planned.name] * _REFERENCE_GIB
