"""Standardised uptake values (SUV), recognised by the values of a PET: not Bq/ml, and not a scaled image.

SUV is the activity (Bq/ml) times the body weight (g) over the injected dose (Bq) at the time of the scan: 1 where the
tracer is as thin as if it were spread over the whole body. An FDG-PET's background, mostly muscle and fat, lies between
0.2 and 2 whoever is scanned, a brain between 2 and 15. The same in Bq/ml is 500 to 10 000 times as much, so that the
order of magnitude decides; units within a factor of 10, such as kBq/ml, can't be distinguished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk

HIGHEST_BACKGROUND_SUV = 20.0  # where a scan shows nothing but a young brain, it is 8 to 12
HIGHEST_SUV = 2000.0  # a bladder has 200, the site of a failed injection several hundred
LOWEST_MAXIMUM_SUV = 1.1  # 1 and what interpolation adds: where everything is below the average, nothing was shown
MOST_NEGATIVE = (
    0.25  # fraction of the positive values' sum; noise around zero in the air of filtered back projection has 0.1
)

_BODY = 0.05  # fraction of the 99th percentile, above which a voxel counts as body
_ENOUGH_VOXELS = 2_000_000

Unit = Literal["activity", "scaled", "signed"]


@dataclass(frozen=True)
class Doubt:
    """Reason why an image can't be in SUV.

    Attributes:
        unit: Likely unit: "activity" per volume, "scaled" to the range 0 to 1, or "signed" values around zero.
        found: Description of the values, to follow "has" in a sentence.
        question: Likely cause, as a question.
    """

    unit: Unit
    found: str
    question: str


def doubt_of_suv(image: sitk.Image) -> Doubt | None:
    """Return the reason why an image can't be in SUV; None where it may be.

    Args:
        image: Scalar 3-D image of finite values.

    >>> muscle_and_brain = sitk.GetImageFromArray(np.array([[[0.0, 0.6, 0.7, 0.8, 9.0]]], np.float32))
    >>> doubt_of_suv(muscle_and_brain) is None
    True
    >>> doubt_of_suv(muscle_and_brain * 5000).found
    'a background of 3.75e+03 and a maximum of 4.5e+04'
    """
    voxels = sitk.GetArrayViewFromImage(image)
    highest = float(voxels.max())
    step = max(1, round((voxels.size / _ENOUGH_VOXELS) ** (1 / 3)))
    some = voxels[::step, ::step, ::step].astype(np.float32)
    negative, positive = -float(some[some < 0].sum()), float(some[some > 0].sum())
    if negative > MOST_NEGATIVE * positive:
        return Doubt(
            "signed",
            f"values from {float(voxels.min()):.3g} to {highest:.4g}, of which the negative ones sum to"
            f" {_share(negative, positive)} of the positive ones",
            "Was it normalised by its mean and standard deviation, or is it another kind of image?",
        )
    if highest <= LOWEST_MAXIMUM_SUV:
        return Doubt("scaled", f"no value above {highest:.3g}", "Was it normalised to the range from 0 to 1?")
    background = float(np.median(some[some >= _BODY * np.percentile(some, 99)]))
    if background > HIGHEST_BACKGROUND_SUV or highest > HIGHEST_SUV:
        return Doubt(
            "activity",
            f"a background of {background:.3g} and a maximum of {highest:.4g}",
            "Is it in Bq/ml, or was it stored without its rescale slope?",
        )
    return None


def _share(negative: float, positive: float) -> str:
    return f"{negative / positive:.0%}" if positive > 0 else "all"
