"""From logits on the network's grid to a label map on the image's, one class at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch

from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.budget import EffortSpent
from hnseg.inference.orientation import turned_back
from hnseg.inference.plans import Dataset, Resampling
from hnseg.inference.preprocessing import Placement
from hnseg.inference.resampling import resample


@dataclass(frozen=True)
class Logits:
    """What the ensemble predicts for one image, before any resampling.

    Attributes:
        array: (k, z, y, x), float32, k classes or regions on the network's grid in the network's axis order.
        placement: Where that grid lies.
        grid: The image's grid, where the label map will be.
        dataset: What each output means.
        resampling: How logits are carried to the image's grid.
        effort_spent: What was done for it.
        notes: What was given up to keep to the limits, a sentence each.
    """

    array: FloatArray
    placement: Placement
    grid: Grid
    dataset: Dataset
    resampling: Resampling
    effort_spent: EffortSpent
    notes: tuple[str, ...] = field(default=())

    def to_label_map(self) -> sitk.Image:
        """Return the label map on `grid`: uint8, or uint16 where a label is over 255.

        Without regions each voxel gets the class of the largest logit, of equal ones the first. With regions each one
        that is more likely than not sets its label, later ones over earlier ones. What was cropped is background.
        Takes the memory of two volumes of float32, however many classes there are.
        """
        placement = self.placement
        values = self.dataset.output_values
        dtype = np.uint8 if max(values) <= np.iinfo(np.uint8).max else np.uint16
        labels: npt.NDArray[Any] = np.zeros(placement.grid.shape_zyx, dtype)
        # A view: what is written into it lands in its place in the image, axes as the image has them.
        inner = labels.transpose(placement.transpose)[placement.crop]
        if self.dataset.has_regions:
            self._set_regions(inner)
        else:
            self._set_largest(inner)
        return turned_back(image_of(labels, placement.grid), self.grid)

    def _set_largest(self, labels: npt.NDArray[Any]) -> None:
        largest = self._on_image(0).copy()
        for output in range(1, len(self.array)):
            logits = self._on_image(output)
            labels[logits > largest] = output
            np.maximum(largest, logits, out=largest)

    def _set_regions(self, labels: npt.NDArray[Any]) -> None:
        for output, value in enumerate(self.dataset.output_values):
            # By the sigmoid's own rounding: the smallest positive logits give exactly one half, which is not more.
            probability = torch.sigmoid(torch.from_numpy(self._on_image(output))).numpy()
            labels[probability > 0.5] = value

    def _on_image(self, output: int) -> FloatArray:
        """Return one output's logits at the size of the cropped image."""
        return resample(
            self.array[output],
            self.placement.cropped_shape,
            self.resampling,
            from_mm=self.placement.network_mm,
            to_mm=self.placement.image_mm,
        )
