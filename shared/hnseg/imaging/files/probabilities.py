"""Reading of a map of probabilities: the check that it is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of

_TRACE = 1e-6  # by which a resampled map may leave 0 to 1


def as_probabilities(image: sitk.Image, *, path: Path) -> sitk.Image:
    """Return a map of probabilities in floating point; values of rounding's size outside 0 to 1 are brought inside.

    Args:
        image: Map of any scalar type, such as a mask of integers.
        path: Its file, to be named in an error.

    Returns:
        Map on the same grid, in the type of the image where that is a floating one, else float32.

    Raises:
        InputError: A value is below 0, above 1 or NaN.

    >>> mask = as_probabilities(sitk.Image([2, 2, 2], sitk.sitkUInt8), path=Path("mask.mha"))
    >>> mask.GetPixelIDTypeAsString()
    '32-bit float'
    """
    array: FloatArray = array_of(image)
    array = array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)
    least, most = float(array.min()), float(array.max())  # NaN where there is one
    if not (least >= -_TRACE and most <= 1 + _TRACE):
        raise InputError(
            f"A probability map must hold numbers from 0 to 1, but {path} goes from {least:g} to {most:g}."
            " Does it hold percentages, logits, or another image?"
        )
    return image_of(np.clip(array, 0, 1), Grid.of(image))
