"""Label map of a cascade's first stage, as the second stage's network gets it: a channel for each label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.imaging.box import Slices
from hnseg.inference.preprocessing.label_resampling import LabelArray
from hnseg.inference.preprocessing.normalisation import Mask

_OUTSIDE = -1  # nnU-Net's label of background where every channel is zero


@dataclass(frozen=True)
class PreviousLabels:
    """Label map of a cascade's first stage.

    Attributes:
        array: Labels (z, y, x) in the orientation that the second stage was trained on.
        values: Labels that get a channel each, in order; none for a model that is no second stage.
    """

    array: npt.NDArray[np.integer[Any]]
    values: tuple[int, ...]

    def placed(self, transpose: tuple[int, int, int], crop: Slices, inside: Mask) -> LabelArray:
        """Return the labels in the box that the network sees, in its axis order and not resampled.

        Background where every channel is zero becomes -1, a label of its own, as nnU-Net's `crop_to_nonzero` has it. It
        matters twice: a label wins over either of two backgrounds where it would not over both together, and z-scores
        are taken where the label is not -1.

        Args:
            transpose: Axes of the array in the network's order.
            crop: Box in the transposed array.
            inside: Part of the box that is not zero in every channel, without holes.
        """
        labels = self.array.transpose(transpose)[crop].astype(np.int32)
        labels[(labels == 0) & ~inside] = _OUTSIDE
        return labels


NO_PREVIOUS = PreviousLabels(np.zeros((1, 1, 1), np.uint8), ())
"""Labels for a model that is no second stage: none."""
