"""Tiles that the networks need not see, if that is asked for: it is quicker, and not quite what nnU-Net does."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import torch

from hnseg.imaging.channels import Channels
from hnseg.inference.planning.deadline import Skip
from hnseg.inference.preprocessing.normalisation import Mask
from hnseg.inference.preprocessing.orientation import turned_array
from hnseg.inference.preprocessing.preprocess import Placement

_LOW, _HIGH = 0.005, 0.995  # quantiles between which a channel's values are taken to lie
_AIR = 0.05  # of the way from the low one to the high one
_SAMPLE = 4  # every so many voxels along each axis are enough to know them


@dataclass(frozen=True)
class Interest:
    """What a tile must reach for the networks to see it.

    Attributes:
        mask: (z, y, x) over the network's grid, in voxels of any size; None where every tile is seen.
        scale: Voxels of the mask in one of the network's grid, along each axis.
    """

    mask: Mask | None = None
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)

    def reaches(self, box: tuple[slice, ...]) -> bool:
        """Say whether a tile, a box of the network's grid that may reach over its ends, reaches it."""
        if self.mask is None:
            return True
        covered = tuple(
            slice(max(0, floor(part.start * scale)), max(0, ceil(part.stop * scale)))
            for part, scale in zip(box, self.scale, strict=True)
        )
        return bool(self.mask[covered].any())


def interest_in(
    volume: torch.Tensor, channels: Channels, placement: Placement, *, skip: Skip, reorients: bool
) -> Interest:
    """Return what tiles must reach.

    Args:
        volume: (c, z, y, x) as the network sees it; air is the low end of its first channel's values.
        channels: Tell where targets can be, on the image's grid; where they can't, no tile is far from them.
        placement: Where the volume lies in the image.
        skip: What need not be seen.
        reorients: Whether the network sees the image turned.
    """
    if skip == "air":
        sample = volume[0, ::_SAMPLE, ::_SAMPLE, ::_SAMPLE].flatten()
        low, high = (float(sample.kthvalue(max(1, round(q * len(sample)))).values) for q in (_LOW, _HIGH))
        return Interest((volume[0] > low + _AIR * (high - low)).numpy())
    if skip == "far" and channels.targets:
        mask: Mask = np.zeros(channels.grid.shape_zyx, np.bool_)
        for box in channels.targets:
            mask[box] = True
        seen = turned_array(mask, channels.grid) if reorients else mask
        scale = tuple(old / new for old, new in zip(placement.cropped_shape, placement.network_shape, strict=True))
        return Interest(seen.transpose(placement.transpose)[placement.crop], scale)
    return Interest()
