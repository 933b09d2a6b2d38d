"""Probability of a model's one structure in every voxel of the image that the network got.

It is made beside the label map, plane by plane: the softmax over background and structure, or the sigmoid of the one
region, of the mean logits. Where it is over one half the networks' own label map has the structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray, Grid, image_of


@dataclass(frozen=True)
class Foreground:
    """Probability of the structure so far, as the canvas fills it.

    Attributes:
        outputs: Probabilities (k, z, y, x), float32, of background and structure, or of the one region; what the canvas
            fills.
        grid: Grid of the image that the network got.
    """

    outputs: FloatArray
    grid: Grid

    @classmethod
    def begin(cls, outputs: int, grid: Grid) -> Foreground:
        """Return one to be filled.

        Args:
            outputs: Number of the network's outputs: 2 classes, or 1 region.
            grid: Grid of the image that the network gets.
        """
        return cls(np.zeros((outputs, *grid.shape_zyx), np.float32), grid)

    def image(self) -> sitk.Image:
        """Return a copy of the probability, 0 to 1, float32, on the grid; 0 where the network saw nothing."""
        return image_of(self.outputs[-1], self.grid)

    def over(self, threshold: float, *, label: int) -> sitk.Image:
        """Return the label map of the voxels whose probability is over a threshold, uint8, on the grid.

        Args:
            threshold: Probability, compared in float32 as it is written. One half gives the networks' own label map but
                where rounding hides which of two equal classes has the larger logit.
            label: Value of those voxels, 1 to 255; all others are 0.
        """
        return image_of(np.where(self.outputs[-1] > np.float32(threshold), np.uint8(label), np.uint8(0)), self.grid)
