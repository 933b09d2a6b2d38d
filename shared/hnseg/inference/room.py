"""Memory: what a case will take, estimated before any of it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

from hnseg.errors import InputError
from hnseg.inference.bundle import Bundle
from hnseg.inference.machine import GIB
from hnseg.inference.preprocessing import Placement
from hnseg.inference.tiles import patch_3d

_FLOAT = 4
_FEATURE_MAPS = 10  # of the first stage alive at once in a pass; 7 to 8.5 measured with plain and residual encoders


def copies_together(device: torch.device) -> int:
    """Return how many mirrored copies of a tile go through a network at once.

    On a processor torch convolves a batch of one with few channels by its slowest kernel: two copies together were 5.6
    times faster a copy in a network of 8 to 32 features, and no slower in a large one. A GPU gains nothing.
    """
    return 2 if device.type == "cpu" else 1


@dataclass(frozen=True)
class Need:
    """The memory that each step of a case takes beyond what the process has already.

    Attributes:
        preparing_gib: To bring the channels to the network's grid.
        predicting_gib: The network's input, the sums over tiles, and the copies of one that go through together.
        finishing_gib: To bring the logits to the image's grid, one class at a time.
    """

    preparing_gib: float
    predicting_gib: float
    finishing_gib: float

    @classmethod
    def of(cls, placement: Placement, bundle: Bundle, device: torch.device) -> Need:
        """Estimate it from the sizes involved and where the networks run."""
        configuration = bundle.configuration
        channels, outputs = len(bundle.channels), len(bundle.dataset.output_values)
        patch = patch_3d(configuration.patch_size)
        network = prod(max(n, size) for n, size in zip(placement.network_shape, patch, strict=True))
        is_padded = network != prod(placement.network_shape)
        cropped, image = prod(placement.cropped_shape), prod(placement.grid.shape_zyx)
        features = configuration.architecture.arch_kwargs.get("features_per_stage", [32])
        first = features if isinstance(features, int) else features[0]
        one_pass = _FLOAT * prod(patch) * first * _FEATURE_MAPS * copies_together(device)
        # A channel is copied, its spline coefficients and their padding are float64, and the result is float32.
        preparing = _FLOAT * channels * network + (_FLOAT + 16) * cropped
        predicting = _FLOAT * ((1 + is_padded) * channels + outputs + 1) * network + one_pass + _weights_bytes(bundle)
        finishing = _FLOAT * outputs * network + 3 * _FLOAT * cropped + 2 * image
        return cls(preparing / GIB, predicting / GIB, finishing / GIB)

    def check(self, free_gib: float, placement: Placement, *, outputs: int, on_gpu: bool) -> None:
        """Refuse a case that will not fit into RAM.

        Args:
            free_gib: What the process can still have.
            placement: Tells the size of the image.
            outputs: Number of classes or regions.
            on_gpu: Whether the sums and the passes are elsewhere.

        Raises:
            InputError: It will not fit.
        """
        here = [self.preparing_gib, self.finishing_gib] + ([] if on_gpu else [self.predicting_gib])
        if max(here) > free_gib:
            raise InputError(
                f"The image must fit into memory, but with {placement.grid.size_xyz} voxels, of which"
                f" {placement.network_shape} for the model, and {outputs} classes it needs about {max(here):.3g} GiB"
                f" and {max(free_gib, 0):.3g} GiB are free. Is the image far larger, or its spacing finer, than those"
                " that the model was trained on?"
            )


def _weights_bytes(bundle: Bundle) -> int:
    """Return the size of all folds' weights, each tensor once; they are mapped, and come into memory with use."""
    sizes = {tensor.data_ptr(): tensor.nbytes for weights in bundle.state_dicts for tensor in weights.values()}
    return sum(sizes.values())
