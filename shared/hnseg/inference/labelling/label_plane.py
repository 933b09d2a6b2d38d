"""Labels of a plane of the image, from the planes of logits that it lies between, block by block.

In most blocks few classes come so near to the largest logit that they could lead anywhere, and only these are
interpolated. A new voxel is made of one or two old ones along an axis, so that to interpolate is to sum small bags of
weighted rows, which torch has a fast kernel for; columns become rows in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import embedding_bag, max_pool2d

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.preprocessing.axis_map import AxisMap, Piece

_ROWS, _COLUMNS = 64, 128  # voxels of a block: small, so that few classes meet in it

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
        outputs = len(dataset.output_values)
        self._rows = [_Bags(piece, outputs) for piece in rows.pieces(_ROWS)]
        self._columns = [_Bags(piece, outputs) for piece in columns.pieces(_COLUMNS)]

    def prepared(self, logits: FloatArray) -> LogitPlane:
        """Return a plane of logits (k, y, x) as `fill` takes it, once for all planes of the image beside it."""
        rows, columns = ([bags.old for bags in axis] for axis in (self._rows, self._columns))
        return LogitPlane(torch.from_numpy(logits), rows, columns)

    def fill(self, labels: Labels, near: Sequence[LogitPlane], weight: float = 0.0) -> None:
        """Set every label of a plane.

        Args:
            labels: Labels (y, x) to set, of a type that holds every label; may be a view.
            near: Plane of logits that it lies on, or the two that it lies between.
            weight: Weight of the second of two, 0 to 1; the first has the rest.
        """
        lowest, highest = (_mixed(bounds, weight).numpy() for bounds in zip(*(one.bounds for one in near), strict=True))
        possible = self._rule.possible(lowest, highest)
        for row, rows in enumerate(self._rows):
            for column, columns in enumerate(self._columns):
                outputs = np.flatnonzero(possible[:, row, column])
                block = labels[rows.new, columns.new].T
                settled = self._rule.settled(outputs)
                if settled is not None:
                    block[...] = settled
                    continue
                of = torch.from_numpy(outputs)
                parts = [one.logits[:, rows.old, columns.old].index_select(0, of) for one in near]
                logits = rows.sums(_mixed(parts, weight)).transpose(1, 2)
                block[...] = self._rule.at_once(outputs, columns.sums(logits))


@dataclass(frozen=True)
class LogitPlane:
    """Plane of logits on the network's grid, divided into the blocks that labels are set by.

    Attributes:
        logits: Logits (k, y, x), float32.
        rows: Rows that each row of blocks is interpolated from.
        columns: Columns that each column of blocks is interpolated from.
    """

    logits: torch.Tensor
    rows: Sequence[slice]
    columns: Sequence[slice]

    @cached_property
    def bounds(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Smallest and largest logits (k, rows of blocks, columns of blocks) in each block."""
        strips = [(strip.amin(dim=1), strip.amax(dim=1)) for strip in (self.logits[:, rows] for rows in self.rows)]
        low, high = (torch.stack(extreme, dim=1) for extreme in zip(*strips, strict=True))
        lowest = torch.stack([low[..., columns].amin(dim=-1) for columns in self.columns], dim=-1)
        highest = torch.stack([high[..., columns].amax(dim=-1) for columns in self.columns], dim=-1)
        return lowest, highest


def _mixed(near: Sequence[torch.Tensor], weight: float) -> torch.Tensor:
    return torch.lerp(near[0], near[1], weight) if len(near) == 2 else near[0]


class _Bags:
    """Piece of an axis as bags of the weighted old voxels that each new one is made of, for several outputs.

    Attributes:
        new: New voxels.
        old: Old voxels.
    """

    def __init__(self, piece: Piece, outputs: int) -> None:
        self.new, self.old = piece.new, piece.old
        self._length, width = piece.weights.shape
        new, old = np.nonzero(piece.weights)
        self._taps = len(new)
        first = np.arange(outputs)[:, None]
        self._taken = torch.from_numpy((first * width + old).ravel())
        self._starts = torch.from_numpy((first * len(new) + np.searchsorted(new, range(self._length))).ravel())
        self._weights = torch.from_numpy(np.tile(piece.weights[new, old], outputs))

    def sums(self, logits: torch.Tensor) -> torch.Tensor:
        """Return (outputs, new, rest) from logits (outputs, old, rest)."""
        count, _, rest = logits.shape
        taps = count * self._taps
        summed = embedding_bag(
            self._taken[:taps],
            logits.reshape(-1, rest),
            self._starts[: count * self._length],
            mode="sum",
            per_sample_weights=self._weights[:taps],
        )
        return summed.view(count, self._length, rest)
