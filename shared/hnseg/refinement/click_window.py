"""Window of a patch's size around a click, which the networks see again: its voxels, and the labels that they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray
from hnseg.imaging.prompts.click import VoxelClick
from hnseg.inference.labelling.label_map import fill_labels
from hnseg.inference.labelling.label_plane import Labels
from hnseg.inference.planning.tiling import patch_around
from hnseg.inference.preprocessing.axis_map import AxisMap
from hnseg.refinement.network_image import Index, NetworkImage

_NEGLIGIBLE = 1e-6  # weight of a voxel outside the window in one of the image


class Part(NamedTuple):
    """Part of the frame, and the interpolation to it from the window's voxels of the network's grid along each axis."""

    slices: Slices
    axes: tuple[AxisMap, AxisMap, AxisMap]


@dataclass(frozen=True)
class ClickWindow:
    """Window of an image, centred on a click and shifted to lie inside the padded volume.

    Attributes:
        image: Image on the network's grid.
        box: Voxels of the window in the padded volume, as many as a patch has.
    """

    image: NetworkImage
    box: Slices

    @classmethod
    def around(cls, image: NetworkImage, network_index: Index) -> ClickWindow:
        """Return the window around a voxel of the network's grid."""
        padded = [index + inner.start for index, inner in zip(network_index, image.inner, strict=True)]
        return cls(image, patch_around(padded, image.patch, image.volume.shape[1:]))

    @property
    def inner(self) -> Slices:
        """Voxels of the window that are the network's grid, and not padding."""
        z, y, x = (
            slice(max(part.start, inner.start) - part.start, min(part.stop, inner.stop) - part.start)
            for part, inner in zip(self.box, self.image.inner, strict=True)
        )
        return z, y, x

    def tile(self, clicks: Sequence[VoxelClick]) -> torch.Tensor:
        """Return the network's input (c, *patch), with the channels of all clicks that reach into the window."""
        tile, grid = self.image.volume[(slice(None), *self.box)].clone(), self._on_grid()
        encoding, spacing_mm = self.image.encoding, self.image.target.placement.network_mm
        shape, reach = [part.stop - part.start for part in grid], encoding.reach_voxels(spacing_mm)
        inside = [_shifted(click, grid) for click in clicks if _reaches(click, grid, reach)]
        drawn = encoding.draw(inside, shape, spacing_mm)
        tile[(slice(len(tile) - len(drawn), None), *self.inner)] = torch.from_numpy(drawn)
        return tile

    @cached_property
    def part(self) -> Part:
        """Part of the frame whose labels the window decides."""
        restricted = [_restricted(*each) for each in zip(self.image.axes, self._on_grid(), strict=True)]
        (z, along), (y, rows), (x, columns) = restricted
        return Part((z, y, x), (along, rows, columns))

    def labels(self, logits: FloatArray) -> Labels:
        """Return the labels of its part of the frame, from the logits (k, *patch) of the window."""
        slices, axes = self.part
        labels = np.zeros([each.stop - each.start for each in slices], np.uint16)
        planes = logits[(slice(None), *self.inner)].swapaxes(0, 1)
        fill_labels(labels, map(np.ascontiguousarray, planes), axes, self.image.target.dataset)
        return labels

    def _on_grid(self) -> Slices:
        """Return the voxels of the network's grid that lie in the window."""
        z, y, x = (
            slice(inner.start + part.start - whole.start, inner.stop + part.start - whole.start)
            for inner, part, whole in zip(self.inner, self.box, self.image.inner, strict=True)
        )
        return z, y, x


def _reaches(click: VoxelClick, grid: Slices, reach: Sequence[float]) -> bool:
    """Return whether a click has a value anywhere in a part of the grid."""
    return all(
        part.start - far <= index < part.stop + far
        for index, part, far in zip(click.index_zyx, grid, reach, strict=True)
    )


def _shifted(click: VoxelClick, grid: Slices) -> VoxelClick:
    z, y, x = (index - part.start for index, part in zip(click.index_zyx, grid, strict=True))
    return VoxelClick(click.structure, click.is_positive, (z, y, x))


def _restricted(axis: AxisMap, old: slice) -> tuple[slice, AxisMap]:
    """Return the new voxels of an axis that are made of some old ones alone, and their interpolation from these."""
    others = np.ones(axis.weights.shape[1], np.bool_)
    others[old] = False
    inside = np.flatnonzero((np.abs(axis.weights[:, others]) <= _NEGLIGIBLE).all(axis=1))
    new = slice(int(inside[0]), int(inside[-1]) + 1)
    return new, AxisMap(np.ascontiguousarray(axis.weights[new, old]))
