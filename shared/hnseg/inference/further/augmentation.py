"""Test-time copies of an image: a flip, Gaussian noise, or a small rotation of the whole volume, tile by tile.

Tiles that overlap get the same noise and the same angle, so that the weighted mean over tiles is of one geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Protocol

import torch

from hnseg.imaging.box import Slices
from hnseg.inference.ensemble import Axes
from hnseg.inference.further.noise import normal_noise
from hnseg.inference.further.rotation import turned_back, turned_tile

NOISE_SIGMA = 0.05
"""Standard deviation of the noise, in units of the normalised image."""
MOST_DEGREES = 5.0
"""Largest angle of a rotation."""
_SEED = 20112745
_AXES = 3


@dataclass(frozen=True)
class Volume:
    """Input of the network that copies are made of.

    Attributes:
        array: Channels (c, z, y, x), first those of images, then those that prompts are drawn in.
        spacing_mm: Spacing (z, y, x).
        images: Number of channels that are images, which alone get noise.
    """

    array: torch.Tensor
    spacing_mm: Sequence[float]
    images: int


class Change(Protocol):
    """Change of a volume that a network sees, which is undone on its logits."""

    @property
    def axes(self) -> Axes:
        """Axes of the patch along which the tile is flipped for the pass, and the logits are flipped back."""

    def tile(self, volume: Volume, box: Slices) -> torch.Tensor:
        """Return a tile (c, *patch) of the changed volume, before it is flipped."""

    def undone(self, logits: torch.Tensor, spacing_mm: Sequence[float]) -> torch.Tensor:
        """Return the logits (k, *patch), flipped back already, where the tile's voxels are."""


@dataclass(frozen=True)
class Flip:
    """Flip along some axes of the patch; along none nothing is changed."""

    axes: Axes = ()

    def tile(self, volume: Volume, box: Slices) -> torch.Tensor:
        """Return the tile as it is."""
        return volume.array[(slice(None), *box)]

    def undone(self, logits: torch.Tensor, spacing_mm: Sequence[float]) -> torch.Tensor:  # noqa: ARG002 (as `Change`)
        """Return the logits as they are."""
        return logits


@dataclass(frozen=True)
class Noise:
    """Gaussian noise on the images; prompts stay as they are."""

    seed: int
    axes: ClassVar[Axes] = ()

    def tile(self, volume: Volume, box: Slices) -> torch.Tensor:
        """Return the tile with the noise of its place in the volume."""
        tile = volume.array[(slice(None), *box)].clone()
        for channel in range(volume.images):
            noise = normal_noise(self.seed, channel, box, volume.array.shape[1:], tile.device)
            tile[channel].add_(noise, alpha=NOISE_SIGMA)
        return tile

    def undone(self, logits: torch.Tensor, spacing_mm: Sequence[float]) -> torch.Tensor:  # noqa: ARG002 (as `Change`)
        """Return the logits as they are."""
        return logits


@dataclass(frozen=True)
class Rotation:
    """Rotation about one axis of the network's grid, of images and prompts alike."""

    axis: int
    degrees: float
    axes: ClassVar[Axes] = ()

    def tile(self, volume: Volume, box: Slices) -> torch.Tensor:
        """Return the tile of the volume turned about the tile's centre."""
        return turned_tile(volume.array, box, self.axis, self.degrees, volume.spacing_mm)

    def undone(self, logits: torch.Tensor, spacing_mm: Sequence[float]) -> torch.Tensor:
        """Return the logits turned back about the tile's centre."""
        return turned_back(logits, self.axis, self.degrees, spacing_mm)


UNCHANGED = Flip()
"""Change of nothing."""


def drawn_change(number: int, mirroring_axes: Axes, *, is_flat: bool) -> Change:
    """Return the change of a test-time copy, drawn by its number, whatever the image; each few have one of each kind.

    Args:
        number: Number of the copy, from 0.
        mirroring_axes: Axes of the patch that the model was trained to see flipped; it is flipped along no other.
        is_flat: Whether the network sees planes along the first axis one by one, which are turned in their plane only.
    """
    kinds = ("noise", "rotation", "flip") if mirroring_axes else ("noise", "rotation")
    few, place = divmod(number, len(kinds))
    kind = Random(_SEED + few).sample(kinds, len(kinds))[place]
    random = Random(_SEED + number)
    if kind == "flip":
        return Flip((random.choice(mirroring_axes),))
    if kind == "noise":
        return Noise(_SEED + number)
    return Rotation(0 if is_flat else random.randrange(_AXES), random.uniform(-MOST_DEGREES, MOST_DEGREES))
