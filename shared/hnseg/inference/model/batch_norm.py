"""Batch normalisation that a trainer of nnU-Net's puts in place of what the plans name.

`nnUNetTrainerBN`, and others made after it, change the norm of the network as they build it, and leave the plans as
they are: these name InstanceNorm, while the weights hold the running means of a BatchNorm.
"""

from __future__ import annotations

from hnseg.inference.model.nnunet_plans import Architecture
from hnseg.inference.model.weights import StateDict

_BATCH = "torch.nn.modules.batchnorm.BatchNorm"
_RUNNING = ".running_mean"


def as_trained(architecture: Architecture, weights: StateDict) -> Architecture:
    """Return an architecture with BatchNorm where the plans name an InstanceNorm and the weights are of a BatchNorm.

    Its arguments are those of nnUNetTrainerBN (nnU-Net 2.8.1): eps 1e-5, affine.

    Args:
        architecture: Class of the network and its arguments, as the plans have them.
        weights: Tensors of a fold.
    """
    arguments = architecture.arch_kwargs
    norm, of_norm = str(arguments.get("norm_op")), arguments.get("norm_op_kwargs") or {}
    is_instance = norm.startswith("torch.nn.") and norm[:-2].endswith("InstanceNorm")
    if not is_instance or of_norm.get("track_running_stats") or not any(name.endswith(_RUNNING) for name in weights):
        return architecture
    batch = {"norm_op": f"{_BATCH}{norm[-2:]}", "norm_op_kwargs": {"eps": 1e-5, "affine": True}}
    return architecture.model_copy(update={"arch_kwargs": {**arguments, **batch}})
