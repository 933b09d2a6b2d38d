"""Hounsfield units, recognised by the values of an image: a check that a CT is one, and not an MR in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError

AIR_BELOW_HU, TISSUE_HU = -200.0, (-200.0, 300.0)
LEAST_AIR, LEAST_TISSUE = 0.005, 0.01  # a head filling the whole image still has its sinuses and its airway


def shares_of_air_and_tissue(image: sitk.Image) -> tuple[float, float]:
    """Return the fractions of voxels that would be air and soft tissue if the values were Hounsfield units.

    Args:
        image: Scalar 3-D image of finite values.

    Returns:
        Fractions, 0 to 1: of air, below -200, and of soft tissue, -200 to 300.

    >>> shares_of_air_and_tissue(sitk.GetImageFromArray(np.array([[[-1000, -1000, 40, 1500]]], np.int16)))
    (0.5, 0.25)
    """
    voxels = sitk.GetArrayViewFromImage(image)
    air = tissue = 0
    for z_slice in voxels:  # slice by slice: a comparison of the volume would be one more volume
        air += int(np.count_nonzero(z_slice < AIR_BELOW_HU))
        tissue += int(np.count_nonzero((z_slice >= TISSUE_HU[0]) & (z_slice <= TISSUE_HU[1])))
    return air / voxels.size, tissue / voxels.size


def looks_like_hounsfield(image: sitk.Image) -> bool:
    """Return whether an image has both the air and the soft tissue that every CT shows.

    An MR has no values far below zero. Neither has a CT that was stored without its rescale intercept.

    >>> ct = sitk.GetImageFromArray(np.array([[[-1000, 40, 60, 700]]], np.int16))
    >>> looks_like_hounsfield(ct), looks_like_hounsfield(ct + 1024)
    (True, False)
    """
    air, tissue = shares_of_air_and_tissue(image)
    return air >= LEAST_AIR and tissue >= LEAST_TISSUE


def check_hounsfield(ct: sitk.Image, file: Path | None, *, instead: str = "the PET") -> None:
    """Refuse a CT that is not in Hounsfield units.

    Args:
        ct: The CT.
        file: Its file, to be named; None for none.
        instead: What may lie in its place.

    Raises:
        InputError: It is not.
    """
    if looks_like_hounsfield(ct):
        return
    voxels = sitk.GetArrayViewFromImage(ct)
    raise InputError(
        f"The CT must be in Hounsfield units, with air below -200 and soft tissue around 0, but {file or 'it'}"
        f" has values from {voxels.min():g} to {voxels.max():g}. Was {instead} put into the CT's folder, or the CT"
        " stored without its rescale intercept?"
    )
