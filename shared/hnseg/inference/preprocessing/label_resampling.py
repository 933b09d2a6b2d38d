"""Resampling of a label map to another number of voxels over the same extent, as nnU-Net does.

The indicator of each label is interpolated linearly, and a voxel gets the label whose indicator is largest. Where two
are equal, which is so at every border that a new voxel's centre falls on, it depends on the arithmetic to the last bit
what is larger. So sums are made as scipy and torch make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import interpolate

from hnseg.inference.model.label_resampling import LabelResampling, LabelTorch
from hnseg.inference.preprocessing.axis_map import AxisMap
from hnseg.inference.preprocessing.resampling import axis_apart

LabelArray = npt.NDArray[np.int32]
Shape = tuple[int, ...]
_SCALE = 1000  # of nnU-Net's indicators in half precision


def resample_labels(
    labels: LabelArray, shape: Shape, resampling: LabelResampling, *, from_mm: Sequence[float], to_mm: Sequence[float]
) -> LabelArray:
    """Return a label map with another number of voxels.

    It is that of nnU-Net 2.8.1 to the last voxel: `resample_data_or_seg_to_shape` with `resize_segmentation` of
    batchgenerators, or `resample_torch_fornnunet`.

    Args:
        labels: Label map (z, y, x), in any axis order as long as the spacings have the same.
        shape: Shape of the result.
        resampling: Resampling that the plans ask for.
        from_mm: Spacing of the label map; like `to_mm` it only decides whether an axis is resampled apart.
        to_mm: Spacing of the result.

    Returns:
        A new label map with no labels but those of the given one; the given one itself when it has that shape already.
    """
    if labels.shape == shape:
        return labels
    apart = axis_apart(resampling, from_mm, to_mm)
    if isinstance(resampling, LabelTorch):
        return _by_torch(labels, shape, apart)
    if apart is None:
        return _by_scipy(labels, shape)
    in_plane = tuple(size for axis, size in enumerate(shape) if axis != apart)
    slices = np.stack([_by_scipy(each, in_plane) for each in np.moveaxis(labels, apart, 0)])
    nearest = AxisMap.nearest_in_scipy(labels.shape[apart], shape[apart]).weights.argmax(axis=1)
    return np.ascontiguousarray(np.moveaxis(slices[nearest], 0, apart))


@dataclass(frozen=True, eq=False)
class _Axis:
    """Linear interpolation along one axis, in the float64 numbers of scipy.

    Attributes:
        corners: Old voxels (2, new) that each new one lies between.
        weights: Weights (2, new) of both.
        nearest: Old voxel (new,) that is nearest to each new one.
    """

    corners: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.intp]

    def at(self, voxel: int) -> _Axis:
        """Return the interpolation of one new voxel alone."""
        one = slice(voxel, voxel + 1)
        return _Axis(self.corners[:, one], self.weights[:, one], self.nearest[one])


@lru_cache(maxsize=16)
def _axis(old: int, new: int) -> _Axis:
    """Return the interpolation that `scipy.ndimage.zoom` makes in its mode nearest with cells as voxels.

    Beyond the centre of the first and last old voxel it lies between two that are the same; to add them one by one
    rounds otherwise than to take that voxel whole.
    """
    position = old / new * (np.arange(new) + 0.5) - 0.5
    first = np.floor(position)
    second = position - first
    corners = np.stack([first, first + 1]).clip(0, old - 1).astype(np.intp)
    nearest = np.floor(position + 0.5).clip(0, old - 1).astype(np.intp)
    return _Axis(corners, np.stack([1 - second, second]), nearest)


def _by_scipy(labels: LabelArray, shape: Shape) -> LabelArray:
    """Return a label map of two or three axes as `resize_segmentation` does."""
    axes = [_axis(*lengths) for lengths in zip(labels.shape, shape, strict=True)]
    if len(axes) == 2:
        return _interpolated(labels, axes)
    first, *others = axes  # plane by plane, because the corners of all voxels would be eight label maps
    return np.concatenate([_interpolated(labels, [first.at(plane), *others]) for plane in range(shape[0])])


def _interpolated(labels: LabelArray, axes: Sequence[_Axis]) -> LabelArray:
    """Return the label of the largest indicator; of equal ones that of the nearest voxel.

    Where that is none of the equal ones, it is the smallest of them.
    """
    sides = list(product((0, 1), repeat=len(axes)))  # corners, along the last axis first, as scipy adds them
    boxes = [[axis.corners[side] for axis, side in zip(axes, corner, strict=True)] for corner in sides]
    chosen, *others = corners = [labels[np.ix_(*box)] for box in boxes]
    where = np.nonzero(reduce(np.logical_or, (other != chosen for other in others)))
    if len(where[0]):
        weights = [
            prod(axis.weights[side][at] for axis, side, at in zip(axes, corner, where, strict=True)) for corner in sides
        ]
        nearest = labels[tuple(axis.nearest[at] for axis, at in zip(axes, where, strict=True))]
        chosen[where] = _winners(np.stack([corner[where] for corner in corners]), np.stack(weights), nearest)
    return chosen


def _winners(labels: LabelArray, weights: npt.NDArray[np.float64], nearest: LabelArray) -> LabelArray:
    """Return the labels (n,) of the largest indicators, given corners' labels and weights (corners, n)."""
    scores = np.zeros_like(weights)
    for corner, weight in zip(labels, weights, strict=True):
        scores += np.where(labels == corner, weight, 0.0)
    np.minimum(scores, 1.0, out=scores)  # an interpolated indicator is clipped to the range of indicators
    is_top = scores == scores.max(axis=0)
    smallest = np.where(is_top, labels, np.iinfo(labels.dtype).max).min(axis=0)
    winners: LabelArray = np.where((is_top & (labels == nearest)).any(axis=0), nearest, smallest)
    return winners


def _by_torch(labels: LabelArray, shape: Shape, apart: int | None) -> LabelArray:
    """Return a label map by `resample_torch_fornnunet`: of equal indicators the smallest label."""
    values = np.unique(labels).tolist()
    given = torch.from_numpy(np.ascontiguousarray(labels))
    if apart is None:
        return _largest(given[None, None], shape, values, "trilinear")[0, 0].numpy()
    in_plane = tuple(size for axis, size in enumerate(shape) if axis != apart)
    slices = _largest(given.movedim(apart, 0)[None], in_plane, values, "bilinear")[0]
    along = AxisMap.nearest_in_torch(labels.shape[apart], shape[apart]).weights.argmax(axis=1)
    return slices[torch.from_numpy(along)].movedim(0, apart).contiguous().numpy()


def _largest(labels: torch.Tensor, shape: Shape, values: Sequence[int], mode: Any) -> torch.Tensor:
    """Return labels (1, c, ...) interpolated: of each voxel the first value whose indicator is largest."""
    largest = torch.full((*labels.shape[:2], *shape), -1, dtype=torch.float16)
    result = torch.zeros(largest.shape, dtype=labels.dtype)
    for value in values:
        indicator = interpolate((labels == value).float().mul_(_SCALE), shape, mode=mode, antialias=False).half()
        is_larger = indicator > largest
        result[is_larger] = value
        largest[is_larger] = indicator[is_larger]
    return result
