"""Gradient descent from one pose to the best one nearby, at one spacing."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.registration.pyramid import Level

logger = logging.getLogger(__name__)

SEED = 42


@dataclass(frozen=True)
class Descent:
    """Settings of a gradient descent.

    Attributes:
        iterations: Largest number of steps.
        step_mm: First and longest step; the last one is a 200th of that.
        bins: Number of bins of the joint histogram, along each axis.
        samples: Largest number of voxels of the smaller image that are compared.
    """

    iterations: int
    step_mm: float
    bins: int
    samples: int = 60_000


def refined(
    pose: sitk.Euler3DTransform,
    smaller: Level,
    larger: Level,
    descent: Descent,
    *,
    where: npt.NDArray[np.bool_] | None = None,
) -> sitk.Euler3DTransform:
    """Return a pose improved until the mutual information is largest; itself where the optimiser finds no overlap.

    Args:
        pose: Transform from points of the smaller image to points of the larger one.
        smaller: Image that is sampled.
        larger: Image that is interpolated at the samples.
        descent: Settings of the descent.
        where: Voxels (z, y, x) of the smaller image that count; left out, all do.
    """
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(descent.bins)
    method.SetInterpolator(sitk.sitkLinear)
    method.MetricUseMovingImageGradientFilterOff()  # a smoothed gradient stops the descent short of the optimum
    samples = np.prod(smaller.image.GetSize()) if where is None else np.count_nonzero(where)
    if samples > descent.samples:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(float(descent.samples / samples), SEED)
    if where is not None:
        mask: sitk.Image = sitk.GetImageFromArray(where.astype(np.uint8))
        mask.CopyInformation(smaller.image)
        method.SetMetricFixedMask(mask)
    method.SetOptimizerAsRegularStepGradientDescent(descent.step_mm, descent.step_mm / 200, descent.iterations, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    result = sitk.Euler3DTransform(pose)
    method.SetInitialTransform(result, inPlace=True)
    try:
        method.Execute(smaller.image, larger.image)
    except RuntimeError as error:  # ITK's only way to say that the samples left the image
        logger.debug("A start was given up: %s", error)
        return pose
    return result
