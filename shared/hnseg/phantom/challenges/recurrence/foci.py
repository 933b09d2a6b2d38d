"""Small foci of FDG uptake, as occult disease has: all that a PET shows of a recurrence that begins outside the GTV."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.body.shapes import Point
from hnseg.phantom.scanners.pet import Scanner

RISE_SUV = (4.0, 8.0)
"""Lowest and highest rise of the SUV in the middle of a focus."""

FWHM_MM = (10.0, 14.0)
"""Lowest and highest full width of a focus at half its rise, after the scanner's blur."""


def with_focus(pet: sitk.Image, point_mm: Point, *, rise_suv: float, fwhm_mm: float) -> sitk.Image:
    """Return a PET with a focus, a Gaussian, added.

    Args:
        pet: PET in SUV, on any grid.
        point_mm: Middle of the focus in the world, LPS.
        rise_suv: Rise of the SUV in the middle.
        fwhm_mm: Full width at half the rise.

    Returns:
        New PET, float32, in the steps that scanners store.
    """
    grid = Grid.of(pet)
    sigma_mm = fwhm_mm / np.sqrt(8 * np.log(2))
    middle_zyx = grid.index_xyz(np.array([point_mm]))[0][::-1]
    along_z, along_y, along_x = (
        np.exp(-0.5 * ((np.arange(count) - middle) * spacing / sigma_mm) ** 2)
        for count, middle, spacing in zip(grid.shape_zyx, middle_zyx, grid.spacing_zyx_mm, strict=True)
    )
    rise = rise_suv * along_z[:, None, None] * along_y[:, None] * along_x
    suv = array_of(pet) + np.rint(rise / Scanner.step_suv) * Scanner.step_suv
    return image_of(suv.astype(np.float32), grid)
