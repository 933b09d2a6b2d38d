"""Band around the surface of a structure, and distances from that surface, in millimetres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]


def surface_distance_mm(mask: Mask, *, spacing_zyx_mm: Spacing) -> npt.NDArray[np.float64]:
    """Return the distance (z, y, x) of each voxel's centre from the nearest one on the other side of the surface.

    It is one voxel at least, and infinite where the mask or what is outside it is empty.

    Args:
        mask: Mask (z, y, x).
        spacing_zyx_mm: Distance of voxel centres along each axis.

    >>> surface_distance_mm(np.array([[[False, True, True]]]), spacing_zyx_mm=(3, 1, 2)).tolist()
    [[[2.0, 2.0, 4.0]]]
    """
    if not mask.any() or mask.all():
        return np.full(mask.shape, np.inf)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_zyx_mm)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_zyx_mm)
    return np.asarray(np.where(mask, inside, outside), np.float64)


def surface_band(mask: Mask, *, spacing_zyx_mm: Spacing, band_mm: float) -> Mask:
    """Return the voxels (z, y, x) within a distance of a mask's surface, on either side; none of an empty mask.

    Distances are taken in the box around the mask only.

    Args:
        mask: Mask (z, y, x).
        spacing_zyx_mm: Distance of voxel centres along each axis.
        band_mm: Largest `surface_distance_mm`.

    >>> surface_band(np.array([[[False, False, True]]]), spacing_zyx_mm=(3, 1, 2), band_mm=2).tolist()
    [[[False, True, True]]]
    """
    band: Mask = np.zeros(mask.shape, np.bool_)
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if boxes:
        near = tuple(
            slice(max(0, side.start - margin), side.stop + margin)
            for side, margin in zip(boxes[0], (int(band_mm / mm) + 1 for mm in spacing_zyx_mm), strict=True)
        )
        band[near] = surface_distance_mm(mask[near], spacing_zyx_mm=spacing_zyx_mm) <= band_mm
    return band
