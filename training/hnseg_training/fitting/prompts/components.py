"""Connected components of a mask with the depth of their voxels, and places for clicks in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.components import number_components
from hnseg_training.fitting.prompts.settings import PromptTraining

Mask = npt.NDArray[np.bool_]
Index = tuple[int, int, int]


@dataclass(frozen=True)
class DeepComponent:
    """Component of a mask, whose voxels touch by faces.

    Attributes:
        first_zyx: Index of the box around the component, in the mask.
        depth_mm: Distance of each voxel of the box to the nearest one outside the component, (z, y, x); 0 outside.
        voxels: Number of voxels.
    """

    first_zyx: Index
    depth_mm: npt.NDArray[np.float64]
    voxels: int

    @property
    def greatest_depth_mm(self) -> float:
        """Depth of the deepest voxel."""
        return float(self.depth_mm.max())

    def place(self, settings: PromptTraining, rng: np.random.Generator) -> Index:
        """Return the index of the voxel, in the mask, that a click marks."""
        if settings.placement == "deepest":
            return self._in_mask(int(self.depth_mm.argmax()))
        weights = np.expm1(np.minimum(self.depth_mm, settings.greatest_depth_mm)).ravel()
        return self._in_mask(int(rng.choice(weights.size, p=weights / weights.sum())))

    def _in_mask(self, flat: int) -> Index:
        z, y, x = (
            int(first + at)
            for first, at in zip(self.first_zyx, np.unravel_index(flat, self.depth_mm.shape), strict=True)
        )
        return z, y, x


def deep_components(mask: Mask, spacing_zyx_mm: Sequence[float], *, smallest_voxels: int = 1) -> list[DeepComponent]:
    """Return the components of a mask, in the order of their first voxels; an empty list for an empty one.

    Args:
        mask: Mask (z, y, x).
        spacing_zyx_mm: Spacing along its axes.
        smallest_voxels: Number of voxels below which a component is left out.
    """
    if not mask.any():
        return []
    around = ndimage.find_objects(mask.astype(np.uint8))[0]
    numbered, sizes = number_components(mask[around], connectivity=6)
    boxes = ndimage.find_objects(numbered)
    return [
        DeepComponent(_first_of(around, box), _depth_mm(numbered[box] == number, spacing_zyx_mm), int(sizes[number]))
        for number, box in enumerate(boxes, start=1)
        if sizes[number] >= smallest_voxels
    ]


def _first_of(around: Sequence[slice], box: Sequence[slice]) -> Index:
    z, y, x = (int(outer.start + inner.start) for outer, inner in zip(around, box, strict=True))
    return z, y, x


def _depth_mm(component: Mask, spacing_zyx_mm: Sequence[float]) -> npt.NDArray[Any]:
    """Return the distance of each voxel to the nearest one outside; outside the box nothing belongs to it."""
    depth: npt.NDArray[Any] = ndimage.distance_transform_edt(np.pad(component, 1), sampling=spacing_zyx_mm)
    return depth[1:-1, 1:-1, 1:-1]
