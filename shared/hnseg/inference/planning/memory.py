"""Memory: where what a case needs lives, and how much it will take, estimated before any of it is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import gcd, prod
from operator import mul

import torch

from hnseg.errors import InputError
from hnseg.inference.backends.protocol import Backend
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.nnunet_plans import Spline
from hnseg.inference.planning.tiling import patch_3d
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.machine import GIB

_FLOAT = 4
_WORTH_ROLLING = 0.67  # sums that are so much smaller are worth rolling along another axis than nnU-Net's first
_FEATURE_MAPS = 10  # of the first stage alive at once in a pass; 7 to 8.5 measured with plain and residual encoders


@dataclass(frozen=True)
class Room:
    """Where what a case needs lives, and how much at a time.

    Attributes:
        networks_on: Where the networks run.
        sums_on: Where the volume and the sums over tiles are.
        sums_in: The type of the sums.
        together: How many mirrored copies of tiles a batch holds.
        turn: How many copies a fold sees, at least, before another fold's turn.
        rolls_along: The network's axis, 0 or 1, that slabs of tiles follow one another along.
    """

    networks_on: torch.device
    sums_on: torch.device
    sums_in: torch.dtype
    together: int
    turn: int
    rolls_along: int = 0

    @classmethod
    def plenty(cls, placement: Placement, bundle: Bundle, backend: Backend) -> Room:
        """Return what is quickest; sums roll along the axis where that keeps them small.

        Sums are in half precision only in fast mode and on a GPU: a processor adds it twelve times slower than single
        precision.
        """
        patch = patch_3d(bundle.configuration.patch_size)
        depths = [size / max(n, size) for n, size in zip(placement.network_shape, patch, strict=True)]
        is_half = backend.precision == "fast" and backend.device.type == "cuda"
        return cls(
            backend.device,
            backend.device,
            torch.float16 if is_half else torch.float32,
            backend.copies_together,
            backend.copies_a_turn,
            # Never the last axis, along which voxels lie beside one another in memory.
            int(len(bundle.configuration.patch_size) == 3 and depths[1] < _WORTH_ROLLING * depths[0]),
        )

    @property
    def order(self) -> tuple[int, int, int]:
        """The network's axes in the order of the sums."""
        return (1, 0, 2) if self.rolls_along else (0, 1, 2)

    def group(self, copies: int) -> int:
        """Return how many tiles, of so many copies, each fold sees in one turn: as few as fill turns and batches."""
        return self.turn // gcd(self.turn, copies)

    def less(self) -> Room | None:
        """Return a room that takes less, or None: sums leave a GPU first, then copies go one by one."""
        if self.sums_on.type != "cpu":
            return replace(self, sums_on=torch.device("cpu"), sums_in=torch.float32)
        if self.together > 1 or self.turn > 1:
            return replace(self, together=1, turn=1)
        return None

    def for_networks_of(self, backend: Backend) -> Room:
        """Return the same for a backend that may run elsewhere."""
        return replace(self, networks_on=backend.device)

    def __str__(self) -> str:
        return (
            f"networks on {self.networks_on}, sums in {str(self.sums_in).removeprefix('torch.')} on {self.sums_on},"
            f" {self.together} copies at a time"
        )


@dataclass(frozen=True)
class Need:
    """The memory that each step of a case takes beyond what the process has already.

    Attributes:
        preparing_gib: To bring the channels to the network's grid.
        predicting_gib: The network's input, the sums over tiles, and the copies of one that go through together.
        finishing_gib: To bring the logits to the image's grid; in RAM, while the networks still run.
    """

    preparing_gib: float
    predicting_gib: float
    finishing_gib: float

    @classmethod
    def of(cls, placement: Placement, bundle: Bundle, room: Room) -> Need:
        """Estimate it from the sizes involved and the room; for single precision, which is the most."""
        configuration = bundle.configuration
        channels, outputs = len(bundle.channels), len(bundle.dataset.output_values)
        patch = patch_3d(configuration.patch_size)
        padded = [max(n, size) for n, size in zip(placement.network_shape, patch, strict=True)]
        is_padded = tuple(padded) != placement.network_shape
        features = configuration.architecture.arch_kwargs.get("features_per_stage", [32])
        first = features if isinstance(features, int) else features[0]
        # The mean logits of the tiles at hand, and those of one pass, one of them flipped and one about to be added.
        logits = max(room.turn, room.together) + room.together + 2
        one_pass = prod(patch) * (first * _FEATURE_MAPS * room.together + outputs * logits)
        sums = (outputs + 1) * patch[room.rolls_along] * prod(padded) // padded[room.rolls_along]
        predicting = _FLOAT * ((1 + is_padded) * channels * prod(padded) + sums + one_pass) + _weights_bytes(bundle)
        finishing = _finishing(placement, bundle, room.rolls_along)
        return cls(_preparing(placement, channels) / GIB, predicting / GIB, finishing / GIB)

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
        needed_gib = max(self.preparing_gib, self.finishing_gib + (0 if on_gpu else self.predicting_gib))
        if needed_gib > free_gib:
            raise InputError(
                f"The image must fit into memory, but with {placement.grid.size_xyz} voxels, of which"
                f" {placement.network_shape} for the model, and {outputs} classes it needs about {needed_gib:.3g} GiB"
                f" and {max(free_gib, 0):.3g} GiB are free. Is the image far larger, or its spacing finer, than those"
                " that the model was trained on?"
            )


def _preparing(placement: Placement, channels: int) -> float:
    """Return the bytes for all channels on the network's grid, and for one on its way there."""
    lengths = list(zip(placement.cropped_shape, placement.network_shape, strict=True))
    ratios = sorted(new / old for old, new in lengths)
    # Axis after axis is resampled, that which shrinks most first.
    sizes = list(accumulate(ratios, mul, initial=float(prod(placement.cropped_shape))))
    on_the_way = sizes[0] + max(sizes[0], *map(sum, pairwise(sizes[1:])))
    return _FLOAT * (channels * prod(placement.network_shape) + on_the_way)


def _finishing(placement: Placement, bundle: Bundle, rolls_along: int) -> float:
    """Return the bytes for the planes between which the image's lie, and for the label map and its copies."""
    outputs = len(bundle.dataset.output_values)
    label_maps = 3 * max(bundle.dataset.output_values).bit_length() / 8 * prod(placement.grid.shape_zyx)
    resampling = bundle.configuration.resampling_of_logits
    if isinstance(resampling, Spline) and resampling.order > 1:  # all at once, and class by class at full size
        return _FLOAT * (2 * outputs * prod(placement.network_shape) + 3 * prod(placement.cropped_shape)) + label_maps
    plane = prod(placement.network_shape) // placement.network_shape[rolls_along]
    return _FLOAT * 4 * outputs * plane + label_maps


def _weights_bytes(bundle: Bundle) -> int:
    """Return the size of all folds' weights, each tensor once; they are mapped, and come into memory with use."""
    sizes = {tensor.data_ptr(): tensor.nbytes for weights in bundle.state_dicts for tensor in weights.values()}
    return sum(sizes.values())
