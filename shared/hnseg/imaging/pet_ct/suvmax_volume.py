"""Volume in which a PET reaches a share of the highest uptake inside the GTV.

After Kutnár et al. (2023), who predict by it where a recurrence begins: the highest PET voxel inside the GTV is SUVmax,
and every voxel of at least 38 % of it is predicted, those of the brain left out. The percentage is one of SUVmax, not a
percentile. Since it is a share, the PET may be in SUV or Bq/ml, but never a z-score.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.box import Box, whole
from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of, resample_image


@dataclass(frozen=True)
class SuvmaxVolume:
    """Volume over a share of SUVmax, and what it was taken from.

    Attributes:
        label_map: Label map, uint8, 0 or 1.
        inside_gtv: SUVmax, in the PET's unit.
        threshold: Lowest value in the volume, in the same unit.
    """

    label_map: sitk.Image
    inside_gtv: float
    threshold: float


def suvmax_volume(
    pet: sitk.Image, gtv: sitk.Image, *, percent: float, brain: sitk.Image | None, box: Box | None = None
) -> SuvmaxVolume:
    """Return the volume in which a PET is at least a percentage of its highest value inside the GTV.

    Args:
        pet: PET in SUV or Bq/ml, of finite values, on any grid; it is interpolated linearly to the GTV's.
        gtv: Label map; every value over 0 is GTV.
        percent: Percentage of SUVmax, over 0 and at most 100; at 100 only voxels of SUVmax are left.
        brain: Label map on the GTV's grid, whose values over 0 are left out; None for none.
        box: Box of the grid's voxels outside which nothing is predicted, whatever of the GTV it holds; None for all.

    Returns:
        Volume, its label map on the GTV's grid; 0 where the PET does not reach.

    Raises:
        InputError: The GTV is empty, the PET has no value over 0 inside it, or the brain lies on another grid.
        ValueError: The percentage is out of its range.

    >>> pet = sitk.GetImageFromArray(np.array([[[1.0, 3.0, 4.0, 10.0, 9.0]]], np.float32))
    >>> gtv = sitk.GetImageFromArray(np.array([[[0, 0, 1, 1, 0]]], np.uint8))
    >>> found = suvmax_volume(pet, gtv, percent=38, brain=None)
    >>> array_of(found.label_map).tolist(), found.inside_gtv, found.threshold
    ([[[0, 0, 1, 1, 1]]], 10.0, 3.8)
    """
    if not (isfinite(percent) and 0 < percent <= 100):
        raise ValueError(f"percent must be over 0 and at most 100, found {percent}")
    grid = Grid.of(gtv)
    uptake = uptake_on(pet, grid)
    highest = suvmax_in(uptake, gtv)
    threshold = percent / 100 * highest
    volume = np.zeros(grid.shape_zyx, bool)
    predicted = (box or whole(grid)).of
    predicted(volume)[:] = predicted(uptake) >= threshold
    if brain is not None:
        _check_grid(brain, grid)
        volume &= sitk.GetArrayViewFromImage(brain) == 0
    return SuvmaxVolume(image_of(volume.astype(np.uint8), grid), highest, threshold)


def uptake_on(pet: sitk.Image, grid: Grid) -> FloatArray:
    """Return a PET on a grid, (z, y, x), float32, interpolated linearly; 0 where it does not reach."""
    return array_of(resample_image(sitk.Cast(pet, sitk.sitkFloat32), grid))


def suvmax_in(uptake: FloatArray, gtv: sitk.Image) -> float:
    """Return the highest uptake inside a GTV, in the PET's unit.

    Args:
        uptake: PET on the GTV's grid, (z, y, x); see `uptake_on`.
        gtv: Label map; every value over 0 is GTV.

    Raises:
        InputError: The GTV is empty, or the PET has no value over 0 inside it.
    """
    inside = uptake[sitk.GetArrayViewFromImage(gtv) > 0]
    if not inside.size:
        raise InputError(
            "The GTV must have at least one voxel, from which SUVmax is taken, but its label map is empty."
            " Was another structure's label map given, or was the contour lost on the way?"
        )
    highest = float(inside.max())
    if highest <= 0:
        raise InputError(
            f"The PET must show uptake inside the GTV, but its highest value there is {highest:g}. Does it not reach"
            " the GTV, or do both belong to different patients?"
        )
    return highest


def _check_grid(brain: sitk.Image, grid: Grid) -> None:
    if difference := Grid.of(brain).differences(grid):
        raise InputError(
            f"The label map of the brain must lie on the GTV's grid, but has {difference}."
            " Was it drawn on another image?"
        )
