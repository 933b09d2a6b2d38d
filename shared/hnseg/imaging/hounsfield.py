"""Do the values of an image look like Hounsfield units? Tells a CT from an MR whose folder it lies in."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

AIR_BELOW_HU, TISSUE_HU = -200.0, (-200.0, 300.0)
LEAST_AIR, LEAST_TISSUE = 0.005, 0.01  # a head filling the whole image still has its sinuses and its airway


def shares_of_air_and_tissue(image: sitk.Image) -> tuple[float, float]:
    """Return the shares of voxels that would be air and soft tissue if the values were Hounsfield units, 0 to 1.

    Args:
        image: Scalar, 3-D, finite.
    """
    voxels = sitk.GetArrayViewFromImage(image)
    air = tissue = 0
    for z_slice in voxels:  # slice by slice: a comparison of the volume would be one more volume
        air += int(np.count_nonzero(z_slice < AIR_BELOW_HU))
        tissue += int(np.count_nonzero((z_slice >= TISSUE_HU[0]) & (z_slice <= TISSUE_HU[1])))
    return air / voxels.size, tissue / voxels.size


def looks_like_hounsfield(image: sitk.Image) -> bool:
    """Say whether an image has both the air and the soft tissue that every CT shows.

    An MR has no values far below zero. Neither has a CT that was stored without its rescale intercept.
    """
    air, tissue = shares_of_air_and_tissue(image)
    return air >= LEAST_AIR and tissue >= LEAST_TISSUE
