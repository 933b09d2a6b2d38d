"""From logits on the network's grid to a label map on the image's, plane by plane.

A plane of the image lies between one or two planes of the network, so no more than these are kept. They are mixed, and
the mixture is interpolated block by block: in most blocks few classes come so near to the largest logit that they could
lead anywhere, and only these are interpolated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch

from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.axis_map import AxisMap
from hnseg.inference.orientation import turned_array
from hnseg.inference.plans import Dataset, Resampling, Spline
from hnseg.inference.preprocessing import Placement
from hnseg.inference.resampling import axis_maps, resample

_ROWS, _COLUMNS = 64, 128  # voxels of a block: small, so that few classes meet in it

Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class Target:
    """Where a label map will lie and how it is made of logits.

    Attributes:
        placement: Where the network's grid lies in the image as the network saw it.
        grid: The image's grid, where the label map will be.
        dataset: What each output means.
        resampling: How logits are carried to the image's grid.
    """

    placement: Placement
    grid: Grid
    dataset: Dataset
    resampling: Resampling


def to_label_map(planes: Iterable[FloatArray], target: Target) -> sitk.Image:
    """Return the label map on the target's grid: uint8, or uint16 where a label is over 255.

    Without regions each voxel gets the class of the largest logit, of equal ones the first. With regions each one that
    is more likely than not sets its label, later ones over earlier ones. What was cropped is background.

    Args:
        planes: float32 logits (k, y, x) of the classes or regions, for every plane along the network's first axis. Two
            are kept at a time, or all where logits are resampled by splines of an order that may overshoot.
        target: Where it will lie.
    """
    placement = target.placement
    dtype = np.uint8 if max(target.dataset.output_values) <= np.iinfo(np.uint8).max else np.uint16
    labels: Labels = np.zeros(target.grid.shape_zyx, dtype)
    # A view: what is written into it lands in its place in the image, axes as the image has them.
    seen = labels if placement.grid == target.grid else turned_array(labels, target.grid)
    inner = seen.transpose(placement.transpose)[placement.crop]
    if isinstance(target.resampling, Spline) and target.resampling.order > 1:
        _fill_at_once(inner, np.stack(list(planes), axis=1), target)
    else:
        _fill_by_planes(inner, planes, target)
    return image_of(labels, target.grid)


def _fill_by_planes(labels: Labels, planes: Iterable[FloatArray], target: Target) -> None:
    placement = target.placement
    along_first, along_rows, along_columns = axis_maps(
        placement.network_shape,
        placement.cropped_shape,
        target.resampling,
        from_mm=placement.network_mm,
        to_mm=placement.image_mm,
    )
    choice = _choice_of(target.dataset)
    blocks = list(product(along_rows.pieces(_ROWS), along_columns.pieces(_COLUMNS)))
    for plane, logits in zip(labels, _mixed(planes, along_first), strict=True):
        for row, column in blocks:
            near = logits[:, row.old, column.old]
            outputs = choice.possible(near)
            interpolated = (row.weights @ near[output] @ column.weights.T for output in outputs)
            plane[row.new, column.new] = choice.of(outputs, interpolated)


def _fill_at_once(labels: Labels, logits: FloatArray, target: Target) -> None:
    """Fill the labels class by class, with the memory of two volumes beside the logits (k, z, y, x)."""
    placement = target.placement
    resampled = (
        resample(
            volume,
            placement.cropped_shape,
            target.resampling,
            from_mm=placement.network_mm,
            to_mm=placement.image_mm,
        )
        for volume in logits
    )
    labels[...] = _choice_of(target.dataset).of(range(len(logits)), resampled)


def _mixed(planes: Iterable[FloatArray], along_first: AxisMap) -> Iterator[FloatArray]:
    """Yield the planes between the network's planes where those of the image lie; the next one overwrites the last."""
    arriving = iter(planes)
    near: deque[FloatArray] = deque()
    arrived = 0
    mixture = None
    for piece in along_first.pieces(1):
        while arrived < piece.old.stop:
            near.append(next(arriving))
            arrived += 1
        while arrived - len(near) < piece.old.start:
            near.popleft()
        if len(near) == 1:
            yield near[0]
            continue
        if mixture is None:
            mixture = torch.empty(near[0].shape)
        first, second = map(torch.from_numpy, near)
        yield torch.lerp(first, second, float(piece.weights[0, 1]), out=mixture).numpy()
    for _ in arriving:
        """Let the planes that the image does not reach be predicted too, so that progress and effort are complete."""


@dataclass(frozen=True)
class _Largest:
    """Each voxel is of the class with the largest logit, of equal ones the first."""

    def possible(self, near: FloatArray) -> Sequence[int]:
        """Return the classes that can lead anywhere between the logits (k, y, x), in ascending order.

        Interpolation does not leave the range of what it is made of, so a class whose largest logit is less than the
        smallest of another can't.
        """
        lowest, highest = near.min(axis=(1, 2)), near.max(axis=(1, 2))
        return np.flatnonzero(~(highest < lowest.max())).tolist()

    def of(self, outputs: Sequence[int], logits: Iterable[FloatArray]) -> Labels | int:
        """Return the labels, from the logits of some classes in ascending order."""
        if len(outputs) == 1:
            return outputs[0]
        ascending = zip(outputs, logits, strict=True)
        first, largest = next(ascending)
        labels = np.full(largest.shape, first, np.uint16)
        for output, rival in ascending:
            # The later of two classes has the larger number, which is faster than to write where the rival leads.
            np.maximum(labels, (rival > largest) * np.uint16(output), out=labels)
            np.maximum(largest, rival, out=largest)
        return labels


@dataclass(frozen=True)
class _Regions:
    """Each region that is more likely than not sets its value, later ones over earlier ones."""

    values: tuple[int, ...]

    def possible(self, near: FloatArray) -> Sequence[int]:
        """Return the regions that can be anywhere between the logits (k, y, x), in ascending order."""
        return np.flatnonzero(near.max(axis=(1, 2)) > 0).tolist()

    def of(self, outputs: Sequence[int], logits: Iterable[FloatArray]) -> Labels | int:
        """Return the labels, from the logits of some regions in ascending order."""
        labels: Labels | int = 0
        for output, given in zip(outputs, logits, strict=True):
            # By the sigmoid's own rounding: the smallest positive logits give exactly one half, which is not more.
            probability = torch.sigmoid(torch.from_numpy(given)).numpy()
            labels = np.where(probability > 0.5, self.values[output], labels)
        return labels


def _choice_of(dataset: Dataset) -> _Largest | _Regions:
    return _Regions(dataset.output_values) if dataset.has_regions else _Largest()
