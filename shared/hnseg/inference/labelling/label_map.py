"""Label map on the image's grid, made of logits on the network's, plane by plane.

A plane of the image lies between one or two planes of the network, so no more than these are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
import torch

from hnseg.errors import InputError
from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.labelling.block_interpolation import LogitPlane
from hnseg.inference.labelling.label_plane import LabelPlane, Labels, label_rule_of
from hnseg.inference.labelling.running_entropy import RunningEntropy
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.nnunet_resampling import Resampling
from hnseg.inference.preprocessing.axis_map import AxisMap
from hnseg.inference.preprocessing.orientation import turned_array
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.inference.preprocessing.resampling import axis_maps, resample

Probabilities = npt.NDArray[np.floating[Any]]
"""Probabilities (k, z, y, x) of each class or region."""


@dataclass(frozen=True)
class Target:
    """Target of the labelling: the image's grid, and the way of logits to labels on it.

    Attributes:
        placement: Placement of the network's grid in the image, reoriented where the model asks for that.
        grid: Grid of the image, which the label map will be on.
        dataset: Label of each output, and whether these are regions.
        resampling: Resampling of logits to the image's grid.
        rolls_along: Axis of the network, 0 or 1, along which planes of logits come one after another.
    """

    placement: Placement
    grid: Grid
    dataset: Dataset
    resampling: Resampling
    rolls_along: int = 0

    @property
    def is_gradual(self) -> bool:
        """Whether the image's planes can be made as the network's come; if not, when the last of these is there."""
        return self.resampling.is_gradual

    def planes_in(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the part of an array (z, y, x) on the image's grid that is filled plane by plane, as a view.

        What is written into it is in the array, in the image's own order of axes.
        """
        oriented = array if self.placement.grid == self.grid else turned_array(array, self.grid)
        return oriented.transpose(self.placement.transpose)[self.placement.crop].swapaxes(0, self.rolls_along)

    def axes(self) -> tuple[AxisMap, AxisMap, AxisMap]:
        """Return the interpolation from the network's grid along the axis that planes follow, rows and columns."""
        placement = self.placement
        maps = axis_maps(
            placement.network_shape,
            placement.cropped_shape,
            self.resampling,
            from_mm=placement.network_mm,
            to_mm=placement.image_mm,
        )
        along = maps.pop(self.rolls_along)
        rows, columns = maps
        return along, rows, columns


class Canvas:
    """Label map that is filled plane by plane, and may be filled again with better ones.

    It is uint8, or uint16 where a label is over 255.
    Without regions each voxel gets the class of the largest logit, of equal ones the first. With regions each one that
    is more likely than not sets its label, later ones over earlier ones. What was cropped is background.
    """

    def __init__(self, target: Target, probabilities: Probabilities | None = None) -> None:
        """Begin with background.

        Args:
            target: Grid of the label map, and the way of logits to labels on it.
            probabilities: Array (k, z, y, x) on the image's grid, of floats, such as a file mapped into memory. It
                gets, plane by plane, the softmax over the classes, or the sigmoid of each region; where the image was
                cropped it gets 1 for background and 0 for all others.

        Raises:
            InputError: Probabilities are asked for, and logits are resampled by splines that need all of them at once.
        """
        self._target = target
        placement = target.placement
        self._probabilities = None
        if probabilities is not None:
            if not self.is_gradual:
                raise InputError(
                    "Probabilities can be had only of a model whose logits are resampled linearly, as nnU-Net's plans"
                    " have it, but this one's are by splines of a higher order. Is there another configuration of it?"
                )
            probabilities[:] = 0
            if not target.dataset.has_regions:
                probabilities[0] = 1  # background
            oriented = probabilities if placement.grid == target.grid else turned_array(probabilities, target.grid)
            crop = oriented.transpose(0, *(1 + axis for axis in placement.transpose))[(slice(None), *placement.crop)]
            self._probabilities = crop.swapaxes(1, 1 + target.rolls_along)
        dtype = np.uint8 if max(target.dataset.output_values) <= np.iinfo(np.uint8).max else np.uint16
        self._labels: Labels = np.zeros(target.grid.shape_zyx, dtype)
        self._inner = target.planes_in(self._labels)
        self._entropy: FloatArray | None = None

    @property
    def is_gradual(self) -> bool:
        """Whether labels are set as planes come; if not, all of them at once when the last plane is there."""
        return self._target.is_gradual

    @property
    def target(self) -> Target:
        """Grid of the label map, and the way of logits to labels on it."""
        return self._target

    @property
    def label_map(self) -> sitk.Image:
        """Copy of the label map as it is."""
        return image_of(self._labels, self._target.grid)

    def keep_entropy(self) -> None:
        """Keep the entropy of the logits as well; only of a canvas that is not gradual."""
        self._entropy = np.zeros(self._target.grid.shape_zyx, np.float32)

    def entropy(self) -> sitk.Image:
        """Return the entropy of the logits in nats, float32, 0 where the image was cropped; see `keep_entropy`."""
        return image_of(cast("FloatArray", self._entropy), self._target.grid)

    def fill(self, planes: Iterable[FloatArray]) -> None:
        """Set the labels from the first plane on, as far as there are planes.

        Args:
            planes: Logits (k, y, x), float32, of the classes or regions, for every plane along the axis that they roll
                along; the other two axes keep their order. Two are kept at a time, or all where logits are resampled by
                splines of an order over 1.
        """
        if self.is_gradual:
            self._fill_by_planes(planes)
        else:
            self._fill_at_once(list(planes))

    def _fill_by_planes(self, planes: Iterable[FloatArray]) -> None:
        along, rows, columns = self._target.axes()
        plane = LabelPlane(rows, columns, self._target.dataset)
        for number, (near, weight) in enumerate(_near(map(plane.prepared, planes), along)):
            plane.fill(self._inner[number], near, weight)
            if self._probabilities is not None:
                logits = columns.along(rows.along(_mixed(near, weight), 1), 2)
                self._probabilities[:, number] = _probabilities_of(logits, self._target.dataset)

    def _fill_at_once(self, planes: Sequence[FloatArray]) -> None:
        """Set the labels class by class, in the memory of two volumes more; none where a plane is missing.

        With the entropy it is that of six more.
        """
        placement = self._target.placement
        if len(planes) < placement.network_shape[self._target.rolls_along]:
            return
        logits = np.stack(planes, axis=1).swapaxes(1, 1 + self._target.rolls_along)
        resampled = (
            resample(
                np.ascontiguousarray(volume),
                placement.cropped_shape,
                self._target.resampling,
                from_mm=placement.network_mm,
                to_mm=placement.image_mm,
            )
            for volume in logits
        )
        dataset = self._target.dataset
        unsure = None if self._entropy is None else RunningEntropy(has_regions=dataset.has_regions)
        passed = resampled if unsure is None else unsure.passing(resampled)
        labels = label_rule_of(dataset).of(range(len(logits)), passed)
        self._inner.swapaxes(0, self._target.rolls_along)[...] = labels
        if unsure is not None and self._entropy is not None:
            self._target.planes_in(self._entropy).swapaxes(0, self._target.rolls_along)[...] = unsure.entropy


def _mixed(near: Sequence[LogitPlane], weight: float) -> FloatArray:
    """Return the logits (k, y, x) of a plane between one or two."""
    first, last = near[0].logits, near[-1].logits
    mixture: FloatArray = (torch.lerp(first, last, weight) if len(near) == 2 else first).numpy()
    return mixture


def _probabilities_of(logits: FloatArray, dataset: Dataset) -> FloatArray:
    given = torch.from_numpy(logits)
    result: FloatArray = (given.sigmoid() if dataset.has_regions else given.softmax(dim=0)).numpy()
    return result


def to_label_map(planes: Iterable[FloatArray], target: Target) -> sitk.Image:
    """Return the label map on the target's grid; see `Canvas`."""
    canvas = Canvas(target)
    canvas.fill(planes)
    return canvas.label_map


def _near(planes: Iterable[LogitPlane], along: AxisMap) -> Iterator[tuple[Sequence[LogitPlane], float]]:
    """Yield, for each plane of the image, the one or two planes of logits that it lies on, and the second's weight.

    Ends early where planes do.
    """
    arriving = iter(planes)
    near: deque[LogitPlane] = deque()
    arrived = 0
    for piece in along.pieces(1):
        while arrived < piece.old.stop:
            plane = next(arriving, None)
            if plane is None:
                return
            near.append(plane)
            arrived += 1
        while arrived - len(near) < piece.old.start:
            near.popleft()
        yield near, float(piece.weights[0, 1]) if len(near) == 2 else 0.0
    for _ in arriving:
        """Take the planes that the image does not reach too, so that all tiles are predicted and counted."""


def fill_labels(
    labels: npt.NDArray[Any], planes: Iterable[FloatArray], axes: tuple[AxisMap, AxisMap, AxisMap], dataset: Dataset
) -> None:
    """Set the labels of a box of the image, with the interpolation of a `Canvas` that is gradual.

    Args:
        labels: Labels (z, y, x) to set, of a type that holds every label; may be a view.
        planes: Logits (k, y, x), float32, of every plane of the network's grid that the box is made of.
        axes: Interpolation from these planes, their rows and their columns to the box.
        dataset: Label of each output, and whether these are regions.
    """
    along, rows, columns = axes
    plane = LabelPlane(rows, columns, dataset)
    for number, (near, weight) in enumerate(_near(map(plane.prepared, planes), along)):
        plane.fill(labels[number], near, weight)
