"""Memory of a case: the devices that hold its parts, and the sizes of these, estimated before any is allocated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import gcd, prod
from operator import mul

import torch

from hnseg.errors import MemoryShortError
from hnseg.inference.backends.protocol import Backend
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.tiling import patch_3d
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.machine import GIB

_FLOAT = 4
_WORTH_ROLLING = 0.67  # sums that are so much smaller are worth rolling along another axis than nnU-Net's first
_OF_BLOCK = 6 * 64 * 128  # numbers for each member and class: logits, probabilities and masks of a block, and copies
_OF_PLANE = 4  # arrays of one plane's logits: between planes of the network, along its rows, all of it, probabilities
_OF_FURTHER = 4  # arrays of logits for a tile: of the network, turned back, and copies of these
_OF_LABEL = 16  # bytes for each voxel of a cascade's label map while torch resamples it: indicators, labels and masks
_FEATURE_MAPS = 10  # of the first stage alive at once in a pass; 7 to 8.5 measured with plain and residual encoders


@dataclass(frozen=True)
class MemoryLayout:
    """Devices of a case's networks and sums, and the number of tiles at a time.

    Attributes:
        networks_on: Device that runs the networks.
        sums_on: Device that holds the volume and the sums over tiles.
        sums_in: Type of the sums.
        copies_together: Number of mirrored copies of tiles in a batch.
        copies_a_turn: Least number of copies that a fold predicts before another fold's turn.
        rolls_along: Axis of the network, 0 or 1, along which slabs of tiles follow one another.
        members: Number of members whose logits are summed apart too, on the same device; 0 for none.
        members_in: Type of these sums.
        entropy: Whether the entropy is kept, also where members are not summed apart.
        further: Number of those members that are no folds, which come last.
        probabilities: Whether the probability of every output is kept in memory, beside the label map.
    """

    networks_on: torch.device
    sums_on: torch.device
    sums_in: torch.dtype
    copies_together: int
    copies_a_turn: int
    rolls_along: int = 0
    members: int = 0
    members_in: torch.dtype = torch.float32
    entropy: bool = False
    further: int = 0
    probabilities: bool = False

    @classmethod
    def fastest(cls, placement: Placement, bundle: Bundle, backend: Backend) -> MemoryLayout:
        """Return the fastest layout; its sums roll along the axis where that keeps them small.

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
        """Axes of the network in the order of the sums."""
        return (1, 0, 2) if self.rolls_along else (0, 1, 2)

    def tiles_a_group(self, copies: int) -> int:
        """Return the number of tiles, of so many copies, that all folds predict before the next ones.

        That is the smallest that fills turns and batches.
        """
        return self.copies_a_turn // gcd(self.copies_a_turn, copies)

    def smaller(self) -> MemoryLayout | None:
        """Return a layout that takes less memory, or None.

        Members' sums go to half precision first. Then half of the members beyond the folds are given up, again and
        again; then all sums leave a GPU, and copies go one by one; last, folds are not summed apart any more.
        """
        if self.members and self.members_in != torch.float16:
            return replace(self, members_in=torch.float16)
        if self.further:
            return self.with_further(self.further // 2)
        if self.sums_on.type != "cpu":
            return replace(self, sums_on=torch.device("cpu"), sums_in=torch.float32)
        if self.copies_together > 1 or self.copies_a_turn > 1:
            return replace(self, copies_together=1, copies_a_turn=1)
        return replace(self, members=0) if self.members else None

    def with_further(self, count: int) -> MemoryLayout:
        """Return the same layout for so many members beyond the folds."""
        return replace(self, members=self.members - self.further + count, further=count)

    def for_networks_of(self, backend: Backend) -> MemoryLayout:
        """Return the same layout for another backend, which may run on another device."""
        return replace(
            self,
            networks_on=backend.device,
            copies_together=backend.copies_together,
            copies_a_turn=backend.copies_a_turn,
        )

    def __str__(self) -> str:
        apart = f" and those of {self.members} members in {name_of(self.members_in)}" if self.members else ""
        return (
            f"networks on {self.networks_on}, sums in {name_of(self.sums_in)}{apart} on {self.sums_on},"
            f" {self.copies_together} copies at a time"
        )


def name_of(dtype: torch.dtype) -> str:
    """Return the name of a type of number, such as float16."""
    return str(dtype).removeprefix("torch.")


@dataclass(frozen=True)
class MemoryNeed:
    """Memory that each step of a case takes beyond what the process has already.

    Attributes:
        preparing_gib: Memory to bring the channels to the network's grid.
        predicting_gib: Memory for the network's input, the sums over tiles, and the copies that pass together; without
            these where they pass on another device.
        labelling_gib: Memory to bring the logits to the image's grid, and for what is made of members' there; in RAM,
            while the networks still run.
    """

    preparing_gib: float
    predicting_gib: float
    labelling_gib: float

    @classmethod
    def of(cls, placement: Placement, bundle: Bundle, layout: MemoryLayout, *, pass_gib: float = 0.0) -> MemoryNeed:
        """Return an estimate from the sizes involved and the layout.

        Args:
            placement: Placement of the network's grid in the image.
            bundle: Model folder, opened.
            layout: Devices of the networks and the sums.
            pass_gib: Memory of a pass, as far as it is not taken yet, where it was measured; else it is estimated, for
                single precision, which takes most, and with all weights.
        """
        configuration = bundle.configuration
        channels, outputs = bundle.network_channels, len(bundle.dataset.output_values)
        patch = patch_3d(configuration.patch_size)
        padded = [max(n, size) for n, size in zip(placement.network_shape, patch, strict=True)]
        is_padded = tuple(padded) != placement.network_shape
        volume = (1 + is_padded) * channels * prod(padded) * _FLOAT
        in_plane = prod(padded) // padded[layout.rolls_along]
        deep = patch[layout.rolls_along] * in_plane
        sums = (outputs + 1) * deep * layout.sums_in.itemsize
        sums += layout.members * (outputs * layout.members_in.itemsize + _FLOAT) * deep
        of_tile = outputs * prod(patch) * _FLOAT
        # Of the tiles at hand: the totals of all passes, and one tile's of a fold; or what one further member gives.
        tiles = layout.copies_a_turn
        means = max(tiles + bool(layout.members), _OF_FURTHER * tiles if layout.further else 0) * of_tile
        predicting: float = volume + sums + means
        if layout.networks_on.type == layout.sums_on.type:
            predicting += GIB * pass_gib if pass_gib else _pass_bytes(bundle, layout) + _weights_bytes(bundle)
        labelling = _labelling(placement, bundle, layout)
        of_labels = _OF_LABEL * prod(placement.network_shape) if bundle.previous_labels else 0
        preparing = _preparing(placement, channels) + of_labels
        return cls(preparing / GIB, predicting / GIB, labelling / GIB)

    def check(self, free_gib: float, placement: Placement, *, outputs: int, on_gpu: bool) -> None:
        """Refuse a case that will not fit into RAM.

        Args:
            free_gib: RAM that the process can still have.
            placement: Placement of the network's grid in the image, for the sizes of both.
            outputs: Number of classes or regions.
            on_gpu: Whether the sums and the passes take memory of a GPU instead.

        Raises:
            MemoryShortError: The case needs more than is free.
        """
        needed_gib = max(self.preparing_gib, self.labelling_gib + (0 if on_gpu else self.predicting_gib))
        if needed_gib > free_gib:
            raise MemoryShortError(
                f"The image must fit into memory, but with {placement.grid.size_xyz} voxels, of which"
                f" {placement.network_shape} for the model, and {outputs} classes it needs about {needed_gib:.3g} GiB"
                f" and {max(free_gib, 0):.3g} GiB are free. Is the image far larger, or its spacing finer, than those"
                " that the model was trained on?"
            )


def _pass_bytes(bundle: Bundle, layout: MemoryLayout) -> int:
    """Return the bytes of the feature maps of a pass, and of its logits, of one flipped and one about to be added."""
    if bundle.graphs is not None:  # not a network that the plans describe
        return int(GIB * bundle.graphs.pass_gib)
    features = bundle.configuration.architecture.arch_kwargs.get("features_per_stage", [32])
    first = features if isinstance(features, int) else features[0]
    outputs, together = len(bundle.dataset.output_values), layout.copies_together
    numbers = first * _FEATURE_MAPS * together + outputs * (together + 2)
    return _FLOAT * prod(bundle.configuration.patch_size) * numbers


def _preparing(placement: Placement, channels: int) -> float:
    """Return the bytes of all channels on the network's grid, of one that is being resampled, and of its axis maps."""
    lengths = list(zip(placement.cropped_shape, placement.network_shape, strict=True))
    ratios = sorted(new / old for old, new in lengths)
    # Axis after axis is resampled, that which shrinks most first.
    sizes = list(accumulate(ratios, mul, initial=float(prod(placement.cropped_shape))))
    resampled = sizes[0] + max(sizes[0], *map(sum, pairwise(sizes[1:])))
    return _FLOAT * (channels * prod(placement.network_shape) + resampled + _axis_maps(placement))


def _labelling(placement: Placement, bundle: Bundle, layout: MemoryLayout) -> float:
    """Return the bytes of the network's planes that a plane of the image lies between, and of three label maps.

    Besides, there are the axis maps to the image's grid, and those to the network's, which are kept for the next image;
    what members make: entropy and mutual information, and the probabilities of a block; and the probabilities of all
    outputs on the image's grid, with the logits of one of its planes.
    """
    outputs = len(bundle.dataset.output_values)
    label_maps = 3 * max(bundle.dataset.output_values).bit_length() / 8 * prod(placement.grid.shape_zyx)
    if not bundle.configuration.resampling_of_logits.is_gradual:  # all at once, and class by class at full size
        volumes = 9 if layout.entropy else 3
        logits = 2 * outputs * prod(placement.network_shape) + volumes * prod(placement.cropped_shape)
    else:
        plane = prod(placement.network_shape) // placement.network_shape[layout.rolls_along]
        logits = 4 * (1 + layout.members) * outputs * plane
    if layout.members or layout.entropy:
        maps = 1 + bool(layout.members)
        logits += maps * prod(placement.grid.shape_zyx) + _OF_BLOCK * max(1, layout.members) * outputs
    if layout.probabilities:
        plane = prod(placement.cropped_shape) // placement.cropped_shape[layout.rolls_along]
        logits += outputs * (prod(placement.grid.shape_zyx) + _OF_PLANE * plane)
    return _FLOAT * (logits + 2 * _axis_maps(placement)) + label_maps


def _axis_maps(placement: Placement) -> int:
    """Return how many numbers the maps of all axes from one grid to the other hold."""
    return sum(map(mul, placement.cropped_shape, placement.network_shape))


def _weights_bytes(bundle: Bundle) -> int:
    """Return the size of all folds' weights, each tensor once; they are mapped, and come into memory with use.

    Those of graphs are in memory once they are loaded.
    """
    sizes = {tensor.data_ptr(): tensor.nbytes for weights in bundle.state_dicts for tensor in weights.values()}
    return sum(sizes.values())
