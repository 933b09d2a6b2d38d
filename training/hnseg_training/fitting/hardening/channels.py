"""Channels of a patch that are images, and the scale on which each is perturbed.

The strengths of perturbations are published for whole images on a scale of their own, before nnU-Net normalises them
(`hnseg.robustness.perturbations`). A training patch is normalised already, so it is brought to that scale, perturbed,
brought back, and normalised again as the whole image would be; then the change is interpolated (`resampling.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray
from hnseg.robustness.perturbations.scale import AIR_HU, IntensityScale
from hnseg.robustness.perturbations.severity import Triple
from hnseg_training.fitting.hardening.resampling import resampled_change

Artefact = Callable[[FloatArray], FloatArray]
"""Perturbation of intensities (z, y, x) on the published scale."""

CT_RANGES_HU = (1700.0, 2500.0)
"""Smallest and largest range from air to the brightest voxels that is 1 on the published scale of a CT of head and
neck, limited to three standard deviations about its mean."""

FAT_HU = -100.0
"""Value of voxels at the lower limit of a normalised CT that lie next to brighter ones."""

_AIR_MM = 20.0  # edge of the cube around a voxel that must be at the lower limit throughout for it to be air
_ROUNDING = 1e-3  # of normalised values at a limit


class ImageChannel(Protocol):
    """Channel that is an image."""

    def perturbed(
        self, values: FloatArray, inside: npt.NDArray[np.bool_], artefact: Artefact, rng: np.random.Generator
    ) -> FloatArray:
        """Return a perturbed patch of the channel, normalised as it was, float32 (z, y, x).

        Args:
            values: Normalised patch (z, y, x), of more than one value inside; left as it is.
            inside: Voxels of the image; the others are nnU-Net's padding.
            artefact: Perturbation on the published scale.
            rng: Source of randomness.
        """


@dataclass(frozen=True)
class CtChannel:
    """Channel of a CT, which nnU-Net clips and scales by the intensities in the structures.

    What the clipping took away can't be known from a patch: voxels at the lower limit are taken for air where all
    within 10 mm are at it, for fat next to brighter ones, and for something between the two elsewhere; those at the
    upper limit are left there. After the perturbation they are clipped again.

    Attributes:
        mean_hu: Value that is 0 in a normalised patch.
        sd_hu: Difference of values that is 1 in it.
        limits_hu: Lowest and highest value that normalisation keeps.
        spacing_zyx_mm: Spacing of a patch.
    """

    mean_hu: float
    sd_hu: float
    limits_hu: tuple[float, float]
    spacing_zyx_mm: Triple

    def perturbed(
        self, values: FloatArray, inside: npt.NDArray[np.bool_], artefact: Artefact, rng: np.random.Generator
    ) -> FloatArray:
        """Return a perturbed patch, as `ImageChannel` says; the padding is air meanwhile."""
        hu = self.in_hu(values)
        hu[~inside] = AIR_HU
        before = np.clip(hu, *self.limits_hu)
        scale = IntensityScale(zero=AIR_HU, unit=float(rng.uniform(*CT_RANGES_HU)))
        scale.put(hu)
        hu = artefact(hu)
        scale.put_back(hu)
        np.clip(hu, *self.limits_hu, out=hu)
        hu = np.clip(resampled_change(before, hu, rng), *self.limits_hu)
        hu -= np.float32(self.mean_hu)
        hu /= np.float32(self.sd_hu)
        return hu

    def in_hu(self, values: FloatArray) -> FloatArray:
        """Return a normalised patch in Hounsfield units, float32 (z, y, x), with estimates below the lower limit."""
        hu: FloatArray = values * np.float32(self.sd_hu) + np.float32(self.mean_hu)
        lowest = self.limits_hu[0]
        clipped = hu <= lowest + _ROUNDING * self.sd_hu
        edge = [max(1, round(_AIR_MM / side)) for side in self.spacing_zyx_mm]
        share = ndimage.uniform_filter(clipped.astype(np.float32), edge, mode="nearest")
        depth = np.clip(2 * share - 1, 0, 1)  # half of a cube at a plane surface is beyond it
        fat = min(FAT_HU, lowest)
        hu[clipped] = (fat + min(AIR_HU - fat, 0.0) * depth)[clipped]
        return hu


@dataclass(frozen=True)
class ZScoredChannel:
    """Channel that nnU-Net brings to a mean of 0 and a standard deviation of 1, such as an MR.

    A z-score is the published scale itself. What the perturbation does to mean and standard deviation of the patch is
    taken back, as the normalisation of the whole image does.
    """

    def perturbed(
        self, values: FloatArray, inside: npt.NDArray[np.bool_], artefact: Artefact, rng: np.random.Generator
    ) -> FloatArray:
        """Return a perturbed patch, as `ImageChannel` says; the padding has the patch's mean meanwhile."""
        mean, deviation = values[inside].mean(), values[inside].std()
        before = np.where(inside, values, mean).astype(np.float32)
        result = resampled_change(before, artefact(before), rng)
        result -= result[inside].mean()
        result *= deviation / (result[inside].std() or np.float32(1))
        result += mean
        return result


@dataclass(frozen=True)
class UnnormalisedChannel:
    """Channel that nnU-Net leaves as it is and that may be missing, such as a PET in SUV.

    On the published scale the mean is 0 and the standard deviation 1, here those of the patch. Voxels that are 0 stay
    so: there the image holds nothing.

    Attributes:
        non_negative: Whether values below 0 are none of the image's, and become 0.
    """

    non_negative: bool

    def perturbed(
        self, values: FloatArray, inside: npt.NDArray[np.bool_], artefact: Artefact, rng: np.random.Generator
    ) -> FloatArray:
        """Return a perturbed patch, as `ImageChannel` says; the padding has the patch's mean meanwhile."""
        scale = IntensityScale(zero=float(values[inside].mean()), unit=float(values[inside].std()))
        before = np.where(inside, values, scale.zero).astype(np.float32)
        scale.put(before)
        result = resampled_change(before, artefact(before), rng)
        scale.put_back(result)
        if self.non_negative:
            np.maximum(result, 0, out=result)
        result[values == 0] = 0
        return result


def image_channels(
    names: Sequence[str],
    intensities: Mapping[str, Mapping[str, Any]],
    *,
    may_be_missing: Collection[int],
    spacing_zyx_mm: Triple,
) -> dict[int, ImageChannel]:
    """Return the channels that are images, by their number.

    nnU-Net's name of a channel tells its normalisation. `CT` is an image. `noNorm` is one only where it may be missing
    from a patient: an image that needs no scale is a PET or an MR laid on the CT, other such channels are maps. Any
    other name is that of a z-scored image, unless it ends in `map`. Channels rescaled to 0 to 1 are left out.

    Args:
        names: Names of the channels in the data set, without those of clicks.
        intensities: Intensities in the structures by the number of the channel, as nnU-Net's plans have them.
        may_be_missing: Numbers of the channels that may be missing.
        spacing_zyx_mm: Spacing of a patch.
    """
    found: dict[int, ImageChannel] = {}
    for number, name in enumerate(names):
        measured = intensities[str(number)]
        match name.casefold():
            case "ct":
                limits = (measured["percentile_00_5"], measured["percentile_99_5"])
                found[number] = CtChannel(measured["mean"], max(measured["std"], 1e-8), limits, spacing_zyx_mm)
            case "nonorm":
                if number in may_be_missing:
                    found[number] = UnnormalisedChannel(non_negative=measured["min"] >= 0)
            case "rescale_to_0_1" | "rgb_to_0_1":
                pass
            case other if not other.endswith("map"):
                found[number] = ZScoredChannel()
    return found
