"""Interpolation of logits to a plane of the image, from the planes that it lies between, block by block.

A block is small, so that few classes matter in it, and only these are interpolated. A new voxel is made of one or two
old ones along an axis, so that to interpolate is to sum small bags of weighted rows, which torch has a fast kernel for;
columns become rows in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.preprocessing.axis_map import AxisMap, Piece

_ROWS, _COLUMNS = 64, 128  # voxels of a block


class Blocks:
    """Blocks of planes that all have the same two axes.

    Attributes:
        rows: Rows of blocks.
        columns: Columns of blocks.
    """

    def __init__(self, rows: AxisMap, columns: AxisMap, outputs: int) -> None:
        """Divide planes of an image.

        Args:
            rows: Interpolation along the first axis of a plane.
            columns: Interpolation along the second.
            outputs: Most outputs that are interpolated at a time.
        """
        self.rows = [Bags(piece, outputs) for piece in rows.pieces(_ROWS)]
        self.columns = [Bags(piece, outputs) for piece in columns.pieces(_COLUMNS)]

    def prepared(self, logits: FloatArray) -> LogitPlane:
        """Return a plane of logits (k, y, x), prepared once for all planes of the image beside it."""
        rows, columns = ([bags.old for bags in axis] for axis in (self.rows, self.columns))
        return LogitPlane(torch.from_numpy(logits), rows, columns)


class Bags:
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


@dataclass(frozen=True)
class LogitPlane:
    """Plane of logits on the network's grid, divided into blocks.

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


def bounds_between(near: Sequence[LogitPlane], weight: float) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the logits in each block of a plane on or between others; see `LogitPlane.bounds`.

    Interpolated logits lie in the range of those that they are made of.

    Args:
        near: Plane of logits that it lies on, or the two that it lies between.
        weight: Weight of the second of two, 0 to 1; the first has the rest.
    """
    lowest, highest = (_mixed(bounds, weight).numpy() for bounds in zip(*(one.bounds for one in near), strict=True))
    return lowest, highest


def interpolated(
    near: Sequence[LogitPlane], weight: float, rows: Bags, columns: Bags, outputs: torch.Tensor
) -> torch.Tensor:
    """Return the logits (outputs, x, y) of some outputs in a block; see `bounds_between`."""
    parts = [one.logits[:, rows.old, columns.old].index_select(0, outputs) for one in near]
    return columns.sums(rows.sums(_mixed(parts, weight)).transpose(1, 2))


def _mixed(near: Sequence[torch.Tensor], weight: float) -> torch.Tensor:
    return torch.lerp(near[0], near[1], weight) if len(near) == 2 else near[0]
