"""Refusal of images that can't be registered, before any filter runs on them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration.pyramid import Intensities, percentiles_of

FEWEST_VOXELS = 16  # along an axis
SPACINGS_MM = (0.1, 10.0)


class Refusal(NamedTuple):
    """Reason against an image or a result, as a clause, and a question that may explain it."""

    reason: str
    likely_cause: str


def refusal_of(image: sitk.Image, intensities: Intensities, *, smallest_l: float) -> Refusal | None:
    """Return the reason why an image can't be registered, as a predicate; None when it can be tried.

    Args:
        image: Image of any dimension and type.
        intensities: Meaning that its values should have.
        smallest_l: Least field of view, in litres.
    """
    return _of_grid(image, smallest_l) or _of_values(image, intensities)


def field_of_view_l(image: sitk.Image) -> float:
    """Return the volume that an image covers, in litres.

    >>> image = sitk.Image([100, 100, 50], sitk.sitkUInt8)
    >>> image.SetSpacing((1.0, 1.0, 2.0))
    >>> field_of_view_l(image)
    1.0
    """
    return float(np.prod(image.GetSize()) * np.prod(image.GetSpacing()) * 1e-6)


def _of_grid(image: sitk.Image, smallest_l: float) -> Refusal | None:
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        return Refusal("is not a scalar 3-D image", "Is it a single slice, a colour image or a time series?")
    if min(image.GetSize()) < FEWEST_VOXELS:
        return Refusal(
            f"has {min(image.GetSize())} voxels along one axis, and at least {FEWEST_VOXELS} are needed",
            "Is it a localiser?",
        )
    least, most = SPACINGS_MM
    if not all(least < spacing < most for spacing in image.GetSpacing()):
        return Refusal(
            f"has a spacing of {image.GetSpacing()} mm, and {least:g} to {most:g} mm is expected",
            "Is its header in another unit than mm?",
        )
    if field_of_view_l(image) < smallest_l:
        covered = f"covers {field_of_view_l(image):.2f} l, and at least {smallest_l:g} l are needed"
        return Refusal(covered, "Was it cropped?")
    return None


def _of_values(image: sitk.Image, intensities: Intensities) -> Refusal | None:
    if not all(np.isfinite(z_slice).all() for z_slice in sitk.GetArrayViewFromImage(image)):
        return Refusal("has values that are not finite", "Did a division by zero go into it when it was made?")
    darkest, brightest = percentiles_of(image, (1.0, 99.5))
    if not brightest > darkest:
        return Refusal("is constant", "Was an empty image exported?")
    if not brightest > intensities.lowest:
        return Refusal(f"has hardly any values above {intensities.lowest:g}", "Is it of another modality?")
    return None
