"""Region of interest in a volume: tiles outside it are skipped, if asked for.

That is quicker, and not quite what nnU-Net does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import torch

from hnseg.imaging.channels import Channels
from hnseg.inference.preprocessing.normalisation import Mask
from hnseg.inference.preprocessing.orientation import turned_array
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.options import Skip

_LOW, _HIGH = 0.005, 0.995  # quantiles between which a channel's values are taken to lie
_AIR = 0.05  # of the way from the low one to the high one
_SAMPLE = 4  # every so many voxels along each axis are enough to know them


@dataclass(frozen=True)
class Interest:
    """Region of interest: the networks predict the tiles that overlap it.

    Attributes:
        mask: Voxels of interest (z, y, x) over the network's grid, of any size; None where every tile is predicted.
        scale: Number of voxels of the mask in one of the network's grid, along each axis.
    """

    mask: Mask | None = None
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)

    def reaches(self, box: tuple[slice, ...]) -> bool:
        """Return whether a tile, a box of the network's grid that may reach over its ends, overlaps the region."""
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
    """Return the region of interest in a volume.

    Args:
        volume: Input of the network, (c, z, y, x); air is the low end of its first channel's values.
        channels: Channels on the image's grid, with the boxes where targets can be; without boxes no tile is far.
        placement: Placement of the volume in the image.
        skip: Tiles to skip.
        reorients: Whether the network's input is the image reoriented.
    """
    if skip == "air":
        sample = volume[0, ::_SAMPLE, ::_SAMPLE, ::_SAMPLE].flatten()
        low, high = (float(sample.kthvalue(max(1, round(q * len(sample)))).values) for q in (_LOW, _HIGH))
        return Interest((volume[0] > low + _AIR * (high - low)).numpy())
    if skip == "far" and channels.targets:
        mask: Mask = np.zeros(channels.grid.shape_zyx, np.bool_)
        for box in channels.targets:
            mask[box] = True
        oriented = turned_array(mask, channels.grid) if reorients else mask
        scale = tuple(old / new for old, new in zip(placement.cropped_shape, placement.network_shape, strict=True))
        return Interest(oriented.transpose(placement.transpose)[placement.crop], scale)
    return Interest()
