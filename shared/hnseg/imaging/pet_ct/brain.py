"""Brain on a CT, by a heuristic: what is soft inside the skull, to be left out where a threshold is put on FDG uptake.

Soft tissue of 0 to 80 HU that has bone around it in its slice, in slices narrower than shoulders; its largest piece
that is left when throats such as the foramen magnum are cut. It is found on a coarse copy of 4 mm, so that an image of
any size takes seconds and little memory. It follows the brain to within some millimetres, and is no contour of an organ
at risk.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.body import CoarseCt, Mask
from hnseg.imaging.components import number_components
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image
from hnseg.imaging.head_signs import BONE_HU, SHOULDERS_CM2, areas_cm2

LEAST_BRAIN_ML = 100.0
SOFT_HU = (0.0, 80.0)
_LEAST_SIDES = 7  # of eight; the skull has gaps at the orbits and its base
_THROAT_MM = 9.0  # radius; cuts the brain from the spinal canal
_FULL = 200  # value of a voxel inside, in 8 bits, so that half of it can be told after interpolation


def find_brain(coarse: CoarseCt) -> sitk.Image | None:
    """Return the brain on a CT; None where none is found.

    Args:
        coarse: Coarse copy of a CT in Hounsfield units, of any size and direction.

    Returns:
        Label map, uint8, 1 in the brain, on the CT's grid; None where less than 100 ml are found, as on a scan that
        ends below the skull.

    >>> from hnseg.imaging.body import coarse_ct_of
    >>> find_brain(coarse_ct_of(sitk.Image([8, 8, 8], sitk.sitkInt16))) is None
    True
    """
    brain = _brain_on(coarse)
    if np.count_nonzero(brain) * coarse.grid.voxel_volume_mm3 / 1000 < LEAST_BRAIN_ML:
        return None
    own = resample_image(image_of(brain.astype(np.uint8) * _FULL, coarse.grid), coarse.ct_grid)
    return image_of((array_of(own) >= _FULL // 2).astype(np.uint8), coarse.ct_grid)


def _brain_on(coarse: CoarseCt) -> Mask:
    """Return the brain on a coarse CT, (z, y, x); all False where there is none."""
    bone = coarse.hu > BONE_HU
    inside = coarse.body & ~bone & (_sides_with_bone(bone) >= _LEAST_SIDES)
    inside[areas_cm2(coarse.body, coarse.grid) >= SHOULDERS_CM2] = False
    opened = ndimage.binary_opening(inside & _is_soft(coarse, inside), _ball(_THROAT_MM, coarse.grid))
    numbered, sizes = number_components(opened, connectivity=6)
    if len(sizes) == 1:  # that of the background
        return np.asarray(opened)
    largest = numbered == 1 + int(sizes[1:].argmax())
    return np.asarray(ndimage.binary_dilation(largest, mask=inside))


def _sides_with_bone(bone: Mask) -> npt.NDArray[np.uint8]:
    """Return on how many of eight sides of each voxel bone lies in its slice: four along axes, four diagonal."""
    count = np.zeros(bone.shape, np.uint8)
    for turns in range(4):
        turned = np.rot90(bone, turns, axes=(1, 2))
        for side in _above_and_diagonal(turned):
            count += np.rot90(side, -turns, axes=(1, 2))
    return count


def _above_and_diagonal(bone: Mask) -> Iterator[Mask]:
    """Yield where bone lies at or above a voxel (z, y, x) in its slice, and where it does so on one diagonal."""
    yield np.logical_or.accumulate(bone, axis=1)
    diagonal = bone.copy()
    for row in range(1, bone.shape[1]):
        diagonal[:, row, 1:] |= diagonal[:, row - 1, :-1]
    yield diagonal


def _is_soft(coarse: CoarseCt, inside: Mask) -> Mask:
    """Return what is soft in the mean over those neighbours that lie inside too: a mean has little noise."""
    weight = ndimage.uniform_filter(inside.astype(np.float32))
    mean = ndimage.uniform_filter(np.where(inside, coarse.hu, 0.0)) / np.maximum(weight, np.finfo(np.float32).tiny)
    return np.asarray((mean >= SOFT_HU[0]) & (mean <= SOFT_HU[1]))


def _ball(radius_mm: float, grid: Grid) -> Mask:
    """Return a ball as a structuring element (z, y, x)."""
    reach = [int(radius_mm / mm) for mm in grid.spacing_zyx_mm]
    z, y, x = np.ogrid[tuple(slice(-each, each + 1) for each in reach)]
    mm_z, mm_y, mm_x = grid.spacing_zyx_mm
    return np.asarray((z * mm_z) ** 2 + (y * mm_y) ** 2 + (x * mm_x) ** 2 <= radius_mm**2)
