"""Encoding of clicks as channels of a network: a ball, a distance or a Gaussian around each.

Channels are drawn on the network's grid, in training on a patch after its augmentation and in inference on the
preprocessed image, by the same function, so that a network is never shown a ball that was resampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, PositiveFloat, model_validator

from hnseg.imaging.prompts.click import VoxelClick
from hnseg.records import Frozen

if TYPE_CHECKING:  # they need SimpleITK, and presets of a training, whose names --help lists, do not
    from hnseg.imaging.box import Slices
    from hnseg.imaging.geometry import FloatArray

_GAUSSIAN_REACH = 2.0  # radii: four standard deviations


class PromptEncoding(Frozen):
    """Encoding of clicks; the key `prompts` of a model's `dataset.json` holds the one that it was trained with.

    A radius of three voxels is what HN-UISeg's authors state; its reach in the patient changes with the spacing.
    """

    structures: tuple[str, ...] = Field(min_length=1)
    """Names of the structures that have channels, in their order."""
    shape: Literal["ball", "distance", "gaussian"] = "ball"
    """Value at a distance d from a click of radius r: 1 within r; 1 - d / r; a Gaussian whose deviation is r / 2."""
    radius_mm: PositiveFloat | None = 5.5
    """Radius in millimetres; None where it is in voxels."""
    radius_voxels: PositiveFloat | None = None
    """Radius in voxels of the network's grid; None where it is in millimetres."""
    sign: Literal["signed", "separate"] = "signed"
    """Whether a negative click is -1 in its structure's channel, or 1 in a second channel of the structure."""

    @model_validator(mode="after")
    def _has_one_radius(self) -> PromptEncoding:
        if (self.radius_mm is None) == (self.radius_voxels is None):
            raise ValueError("must have one of radius_mm and radius_voxels")
        if len(set(self.structures)) != len(self.structures):
            raise ValueError(f"structures must differ, found {', '.join(self.structures)}")
        return self

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in order: one a structure, or with separate signs two."""
        signs = ("clicks",) if self.sign == "signed" else ("positive clicks", "negative clicks")
        return tuple(f"{structure} {sign}" for structure in self.structures for sign in signs)

    def draw(
        self, clicks: Iterable[VoxelClick], shape_zyx: Sequence[int], spacing_zyx_mm: Sequence[float]
    ) -> FloatArray:
        """Return the channels of some clicks.

        Where the reach of two clicks in one channel overlaps, the stronger value stays; of equals the later one, so
        that a ball overwrites those before it.

        Args:
            clicks: Clicks on an array, in the order in which they were made; rounded to the nearest voxel. One outside
                the array is drawn as far as it reaches into it.
            shape_zyx: Size of the array in voxels.
            spacing_zyx_mm: Spacing along the array's axes.

        Returns:
            Channels (c, z, y, x), float32, from -1 to 1.

        Raises:
            ValueError: A click is of a structure that has no channel.
        """
        channels = np.zeros((len(self.channel_names), *shape_zyx), np.float32)
        for click in clicks:
            box, value = self._value_around(click, shape_zyx, spacing_zyx_mm)
            number, sign = self._channel_of(click)
            around = channels[(number, *box)]
            stronger = (value > 0) & (value >= np.abs(around))
            around[stronger] = sign * value[stronger]
        return channels

    def reach_voxels(self, spacing_zyx_mm: Sequence[float]) -> tuple[float, ...]:
        """Return the distance in voxels along each axis up to which a click has a value."""
        radii = self._radius_voxels(spacing_zyx_mm)
        return tuple(radius * (_GAUSSIAN_REACH if self.shape == "gaussian" else 1) for radius in radii)

    def _radius_voxels(self, spacing_zyx_mm: Sequence[float]) -> tuple[float, ...]:
        if self.radius_voxels is not None:
            return (self.radius_voxels,) * len(spacing_zyx_mm)
        assert self.radius_mm is not None
        return tuple(self.radius_mm / mm for mm in spacing_zyx_mm)

    def _channel_of(self, click: VoxelClick) -> tuple[int, int]:
        """Return the number of a click's channel, and its sign there."""
        structure = self.structures.index(click.structure)
        if self.sign == "signed":
            return structure, 1 if click.is_positive else -1
        return 2 * structure + (not click.is_positive), 1

    def _value_around(
        self, click: VoxelClick, shape_zyx: Sequence[int], spacing_zyx_mm: Sequence[float]
    ) -> tuple[Slices, FloatArray]:
        """Return the box around a click, inside the array, and the value at each of its voxels."""
        radii, reaches = self._radius_voxels(spacing_zyx_mm), self.reach_voxels(spacing_zyx_mm)
        parts, squares = [], np.zeros((1, 1, 1), np.float32)
        for axis, (at, size, radius, reach) in enumerate(zip(click.index_zyx, shape_zyx, radii, reaches, strict=True)):
            middle = round(at)
            first, last = max(0, middle - int(reach)), min(size - 1, middle + int(reach))
            parts.append(slice(first, max(first, last + 1)))
            line = (np.arange(parts[-1].start, parts[-1].stop, dtype=np.float32) - middle) / radius
            squares = squares + (line**2).reshape([-1 if each == axis else 1 for each in range(3)])
        z, y, x = parts
        return (z, y, x), self._value_at(np.sqrt(squares))

    def _value_at(self, distance: FloatArray) -> FloatArray:
        """Return the value at distances, which are in radii."""
        if self.shape == "gaussian":
            value = np.exp(-2 * distance**2)
            return np.where(distance <= _GAUSSIAN_REACH, value, 0).astype(np.float32)
        if self.shape == "distance":
            return np.maximum(0, 1 - distance).astype(np.float32)
        return (distance <= 1).astype(np.float32)
