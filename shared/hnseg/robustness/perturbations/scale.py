"""Scale on which an image is perturbed: its value of 0, and its unit.

The strengths of perturbations are published for normalised intensities. An image in other units is brought to that
scale, perturbed and brought back, so that its file keeps its units:

| units | CT: 0 is | CT: 1 is | PET, MR: 0 is | PET, MR: 1 is |
|---|---|---|---|---|
| normalised | the smallest value | the range of values | the mean | the standard deviation |
| physical | -1000 HU, air | the range of values | 0 | the standard deviation |
| given | 0 | 1 | 0 | 1 |

A CT's values count no further than three standard deviations from their mean, where the published normalisation clips
them, so that a filling of metal does not set the scale; the image itself is not clipped.

Only what multiplies intensities or their spectrum depends on where 0 is: bias, spikes and ghosts. In physical units a
bias field leaves air as it is; on z-scores it turns about the mean.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray
from hnseg.imaging.hounsfield import looks_like_hounsfield
from hnseg.imaging.modality import Modality
from hnseg.records import Frozen

Units = Literal["normalised", "physical", "given"]
"""Scale of the strengths: the published normalisation, one with a physical zero, or the values as they are."""

AIR_HU = -1000.0
_LIMIT_DEVIATIONS = 3.0  # of a CT's values from their mean


class IntensityScale(Frozen):
    """Scale on which an image is perturbed.

    Attributes:
        zero: Value of the image that is 0 on the scale.
        unit: Difference of values that is 1 on the scale.
    """

    zero: float = 0.0
    unit: float = 1.0

    def put(self, volume: FloatArray) -> None:
        """Bring intensities to the scale, in place."""
        volume -= np.float32(self.zero)
        volume /= np.float32(self.unit)

    def put_back(self, volume: FloatArray) -> None:
        """Bring intensities back to their own units, in place."""
        volume *= np.float32(self.unit)
        volume += np.float32(self.zero)


AS_GIVEN = IntensityScale()
"""Scale of values as they are."""


def scale_of(volume: FloatArray, *, units: Units, modality: Modality) -> IntensityScale:
    """Return the scale on which an image is perturbed.

    Args:
        volume: Intensities (z, y, x).
        units: Units of the strengths.
        modality: Modality of the image; `unknown` is scaled as PET and MR are.

    Returns:
        Scale; its unit is 1 where all voxels have one value.

    >>> scale_of(np.array([[[-1024, 40, 976]]], np.float32), units="normalised", modality="ct")
    IntensityScale(zero=-1024.0, unit=2000.0)
    """
    if units == "given":
        return AS_GIVEN
    if modality == "ct":
        smallest, largest = _limits(volume)
        zero = smallest if units == "normalised" else AIR_HU
        return IntensityScale(zero=zero, unit=(largest - smallest) or 1.0)
    mean, deviation = _mean_and_deviation(volume)
    return IntensityScale(zero=mean if units == "normalised" else 0.0, unit=deviation or 1.0)


def _limits(volume: FloatArray) -> tuple[float, float]:
    """Return the smallest and the largest value that count; of values from 0 to 1, which are normalised, these two."""
    smallest, largest = float(volume.min()), float(volume.max())
    if (smallest, largest) == (0, 1):
        return smallest, largest
    mean, deviation = _mean_and_deviation(volume)
    reach = _LIMIT_DEVIATIONS * deviation
    return max(smallest, mean - reach), min(largest, mean + reach)


def _mean_and_deviation(volume: FloatArray) -> tuple[float, float]:
    """Return mean and standard deviation in double precision, plane by plane: without a volume of differences."""
    mean = float(volume.mean(dtype=np.float64))
    squares = (float(np.square(plane - mean, dtype=np.float64).sum()) for plane in volume)
    return mean, math.sqrt(sum(squares) / volume.size)


def modality_of(image: sitk.Image) -> Modality:
    """Return the modality by an image's values: CT in Hounsfield units or from 0 to 1, else unknown."""
    voxels = sitk.GetArrayViewFromImage(image)
    is_scaled = (voxels.min(), voxels.max()) == (0, 1)  # by a CT's normalisation, which changes nothing more
    return "ct" if is_scaled or looks_like_hounsfield(image) else "unknown"
