"""Preprocessing of an image's channels to the network's input: transposed, cropped, normalised, resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_fill_holes

from hnseg.errors import InputError
from hnseg.imaging.box import Slices
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.model.nnunet_plans import Configuration, Intensities, Plans
from hnseg.inference.preprocessing.label_resampling import LabelArray, resample_labels
from hnseg.inference.preprocessing.normalisation import Mask, normalise
from hnseg.inference.preprocessing.previous_labels import NO_PREVIOUS, PreviousLabels
from hnseg.inference.preprocessing.resampling import resample

_MOST_VOXELS = 1 << 20  # along an axis; sizes computed from more would overflow


@dataclass(frozen=True)
class Placement:
    """Placement of the network's grid in an image. Everything but `grid` is in transposed axis order.

    Attributes:
        grid: Grid of the image.
        transpose: Axes of the image, (z, y, x), in the network's order.
        crop: Part of the transposed image that is not zero in every channel.
        image_mm: Spacing of the image.
        network_mm: Spacing of the network's grid.
        network_shape: Size of the network's grid in voxels.
    """

    grid: Grid
    transpose: tuple[int, int, int]
    crop: Slices
    image_mm: tuple[float, ...]
    network_mm: tuple[float, ...]
    network_shape: tuple[int, int, int]

    @property
    def cropped_shape(self) -> tuple[int, ...]:
        """Size of the cropped image in voxels."""
        return tuple(part.stop - part.start for part in self.crop)

    def network_index(self, point_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return the index on the network's grid, in its axis order, of a point in the world, LPS in mm.

        It may lie between voxels, or outside.
        """
        index_zyx = self.grid.index_xyz(np.array([point_mm]))[0][::-1]
        cropped = [index_zyx[axis] - part.start for axis, part in zip(self.transpose, self.crop, strict=True)]
        ratios = [new / old for new, old in zip(self.network_shape, self.cropped_shape, strict=True)]
        first, second, third = ((at + 0.5) * ratio - 0.5 for at, ratio in zip(cropped, ratios, strict=True))
        return (float(first), float(second), float(third))


def place(channels: Channels, plans: Plans, configuration: Configuration) -> Placement:
    """Return the placement of the network's grid in an image, without computing a voxel of it.

    Args:
        channels: Channels of the image, in the orientation that the network was trained on.
        plans: Plans, for the order of axes.
        configuration: Configuration, for the network's spacing.

    Raises:
        InputError: The image is thinner than half a voxel of the network's, or longer than a million of them.
    """
    transpose = plans.transpose_forward
    crop = _box_around_nonzero(channels.array, transpose)
    image_mm = tuple(channels.grid.spacing_zyx_mm[axis] for axis in transpose)
    network_mm = configuration.spacing_mm(image_mm)
    voxels = [part.stop - part.start for part in crop]
    lengths = [old / new * n for old, new, n in zip(image_mm, network_mm, voxels, strict=True)]
    if not all(0.5 < length <= _MOST_VOXELS for length in lengths):  # half a voxel is rounded to none
        extent_mm = [round(n * mm, 3) for n, mm in zip(voxels, image_mm, strict=True)]
        raise InputError(
            f"The image must be at least one voxel of the model, {network_mm} mm, along each axis and at most"
            f" {_MOST_VOXELS} of them, but what is not zero in it measures {extent_mm} mm (axes as the model orders"
            " them). Is the spacing in the file right?"
        )
    z, y, x = map(round, lengths)
    return Placement(channels.grid, transpose, crop, image_mm, network_mm, (z, y, x))


def preprocess(
    array: FloatArray,
    placement: Placement,
    plans: Plans,
    configuration: Configuration,
    previous: PreviousLabels = NO_PREVIOUS,
) -> FloatArray:
    """Return the network's input; channels that hold no image, but clicks, are 0.

    Args:
        array: Channels (c, z, y, x) that hold images; not changed.
        placement: Placement of the network's grid in them.
        plans: Plans, for the intensities of the training set.
        configuration: Configuration, for normalisation and resampling.
        previous: Label map of a cascade's first stage, on the array's grid.

    Returns:
        Channels (c, *network_shape), float32: one for each normalisation of the configuration, then one for each label
        of the first stage, 1 inside and 0 elsewhere.

    Raises:
        InputError: The intensities are not what a channel's normalisation is for, or not finite once normalised.
    """
    count = len(configuration.normalization_schemes)
    result = np.empty((count + len(previous.values), *placement.network_shape), np.float32)
    result[len(array) :] = 0
    inside = _inside(array, placement) if any(configuration.use_mask_for_norm) or previous.values else None
    if inside is not None and previous.values:
        labels = previous.placed(placement.transpose, placement.crop, inside)
        inside = labels >= 0
        _draw(labels, result[count:], previous.values, placement, configuration)
    for index, channel in enumerate(array):
        scheme = configuration.normalization_schemes[index]
        volume = np.array(channel.transpose(placement.transpose)[placement.crop], dtype=np.float32, order="C")
        where = inside if configuration.use_mask_for_norm[index] else None
        with np.errstate(over="ignore", invalid="ignore"):  # of intensities near the end of float32's range
            normalise(volume, scheme, plans.intensities.get(str(index), Intensities()), where)
            result[index] = resample(
                volume,
                placement.network_shape,
                configuration.resampling_of_image,
                from_mm=placement.image_mm,
                to_mm=placement.network_mm,
            )
        _check_finite(result[index], channel, index)
    return result


def _draw(
    labels: LabelArray,
    channels: FloatArray,
    values: Sequence[int],
    placement: Placement,
    configuration: Configuration,
) -> None:
    """Set each channel to 1 where the labels, resampled to the network's grid, have its value."""
    if configuration.resampling_of_labels is None:
        raise ValueError(f"{configuration.name} must be the second stage of a cascade to get a label map")
    resampled = resample_labels(
        labels,
        placement.network_shape,
        configuration.resampling_of_labels,
        from_mm=placement.image_mm,
        to_mm=placement.network_mm,
    )
    for channel, value in zip(channels, values, strict=True):
        np.equal(resampled, value, out=channel)


def _check_finite(volume: FloatArray, channel: FloatArray, index: int) -> None:
    """Refuse a channel of the network's input that is not finite."""
    if wrong := volume.size - sum(int(np.isfinite(plane).sum()) for plane in volume):
        raise InputError(
            f"Channel {index} must hold finite numbers once it is normalised in 32-bit floats, but {wrong} of"
            f" {volume.size} voxels are NaN or infinite, of intensities from {channel.min():g} to {channel.max():g}."
            " Is the image in a wrong unit, or damaged?"
        )


def _inside(array: FloatArray, placement: Placement) -> Mask:
    """Return the part that is not zero in every channel, without holes, cropped."""
    mask: Mask = array[0] != 0
    for channel in array[1:]:
        mask |= channel != 0
    filled: Mask = binary_fill_holes(mask)
    return filled.transpose(placement.transpose)[placement.crop]


def _box_around_nonzero(array: FloatArray, transpose: tuple[int, int, int]) -> Slices:
    """Return the smallest box, in transposed order, around what is not zero in every channel; all of it if nothing."""
    hit = [np.zeros(length, np.bool_) for length in array.shape[1:]]
    for plane in range(len(hit[0])):  # plane by plane, because a mask of the image would be a quarter of its memory
        mask = (array[:, plane] != 0).any(axis=0)
        rows = mask.any(axis=1)
        hit[0][plane] = rows.any()
        hit[1] |= rows
        hit[2] |= mask.any(axis=0)
    z, y, x = (_extent(hit[axis]) for axis in transpose)
    return (z, y, x)


def _extent(hit: Mask) -> slice:
    """Return the extent of a line's voxels that are hit, from the first to the last; all of it where none is."""
    indices = np.flatnonzero(hit)
    return slice(int(indices[0]), int(indices[-1]) + 1) if len(indices) else slice(0, len(hit))
