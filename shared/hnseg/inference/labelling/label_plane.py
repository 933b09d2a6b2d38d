"""Labels of a plane of the image, from the planes of logits that it lies between, block by block.

In most blocks few classes come so near to the largest logit that they could lead anywhere, and only these are
interpolated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import max_pool2d

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.labelling.block_interpolation import Blocks, LogitPlane, bounds_between, interpolated
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.preprocessing.axis_map import AxisMap

Labels = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Outputs = npt.NDArray[np.intp] | range


@dataclass(frozen=True)
class Largest:
    """Rule of labels without regions: the class with the largest logit, of equal ones the first."""

    def possible(self, lowest: FloatArray, highest: FloatArray) -> Mask:
        """Return, for each class and block, whether the class can have the largest logit anywhere in the block.

        Interpolated logits lie in the range of those that they are made of, so a class whose largest logit is less than
        the smallest of another can't.

        Args:
            lowest: Smallest logits (k, ...) of each class in each block.
            highest: Largest logits (k, ...) of each class in each block.
        """
        # Bounds that were mixed from two planes may cross by rounding; the leading class must not fall between them.
        surpassed = np.minimum(lowest, highest).max(axis=0)
        possible: Mask = ~(highest < surpassed)
        return possible

    def settled(self, possible: Outputs) -> int | None:
        """Return the label of a block where no other is possible, or None."""
        return int(possible[0]) if len(possible) == 1 else None

    def of(self, outputs: Outputs, logits: Iterable[FloatArray]) -> Labels:
        """Return the labels, from the logits of at least one class, in ascending order, one after another."""
        ascending = zip(outputs, logits, strict=True)
        first, largest = next(ascending)
        labels = np.full(largest.shape, first, np.uint16)
        for output, rival in ascending:
            # The later of two classes has the larger number, which is faster than to write where the rival leads.
            np.maximum(labels, (rival > largest) * np.uint16(output), out=labels)
            np.maximum(largest, rival, out=largest)
        return labels

    def at_once(self, outputs: Outputs, logits: torch.Tensor) -> Labels | int:
        """Return the labels as `of` does, from all of the logits (outputs, y, x)."""
        # Pooling over the classes is a running maximum that returns its place, one pass in vectors of voxels.
        stacked = logits.view(1, len(outputs), 1, -1).permute(0, 3, 1, 2)
        largest, places = max_pool2d(stacked, (len(outputs), 1), return_indices=True)
        if largest.isnan().any():  # which pooling takes for the largest
            return self.of(outputs, logits.numpy())
        return np.array(outputs, np.uint16).take(places.view(logits.shape[1:]).numpy())


@dataclass(frozen=True)
class Regions:
    """Rule of labels with regions: each that is more likely than not sets its value, later ones over earlier ones.

    Attributes:
        values: Value of each region in the label map.
    """

    values: tuple[int, ...]

    def possible(self, _: FloatArray, highest: FloatArray) -> Mask:
        """Return whether each region can be anywhere in each block, from its largest logits (k, ...) there."""
        possible: Mask = highest > 0
        return possible

    def settled(self, possible: Outputs) -> int | None:
        """Return the label of a block where no other is possible, or None."""
        return None if len(possible) else 0

    def of(self, outputs: Outputs, logits: Iterable[FloatArray]) -> Labels | int:
        """Return the labels, from the logits of some regions in ascending order; 0 everywhere without any."""
        labels: Labels | int = 0
        for output, given in zip(outputs, logits, strict=True):
            # By the sigmoid's own rounding: the smallest positive logits give exactly one half, which is not more.
            probability = torch.sigmoid(torch.from_numpy(given)).numpy()
            labels = np.where(probability > 0.5, self.values[output], labels)
        return labels

    def at_once(self, outputs: Outputs, logits: torch.Tensor) -> Labels | int:
        """Return the labels as `of` does, from all of the logits (outputs, y, x)."""
        return self.of(outputs, logits.numpy())


LabelRule = Largest | Regions
"""Rule by which a voxel's label follows from its logits, as nnU-Net's `LabelManager` has it."""


def label_rule_of(dataset: Dataset) -> LabelRule:
    """Return the rule of labels of a model."""
    return Regions(dataset.output_values) if dataset.has_regions else Largest()


class LabelPlane:
    """Labelling of planes that all have the same two axes."""

    def __init__(self, rows: AxisMap, columns: AxisMap, dataset: Dataset) -> None:
        """Prepare for planes of an image.

        Args:
            rows: Interpolation along the first axis of a plane.
            columns: Interpolation along the second.
            dataset: Outputs of the network, and whether they are regions.
        """
        self._rule = label_rule_of(dataset)
        self._blocks = Blocks(rows, columns, len(dataset.output_values))

    def prepared(self, logits: FloatArray) -> LogitPlane:
        """Return a plane of logits (k, y, x) as `fill` takes it, once for all planes of the image beside it."""
        return self._blocks.prepared(logits)

    def fill(self, labels: Labels, near: Sequence[LogitPlane], weight: float = 0.0) -> None:
        """Set every label of a plane.

        Args:
            labels: Labels (y, x) to set, of a type that holds every label; may be a view.
            near: Plane of logits that it lies on, or the two that it lies between.
            weight: Weight of the second of two, 0 to 1; the first has the rest.
        """
        possible = self._rule.possible(*bounds_between(near, weight))
        for row, rows in enumerate(self._blocks.rows):
            for column, columns in enumerate(self._blocks.columns):
                outputs = np.flatnonzero(possible[:, row, column])
                block = labels[rows.new, columns.new].T
                settled = self._rule.settled(outputs)
                if settled is not None:
                    block[...] = settled
                    continue
                logits = interpolated(near, weight, rows, columns, torch.from_numpy(outputs))
                block[...] = self._rule.at_once(outputs, logits)
