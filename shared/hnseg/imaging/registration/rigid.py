"""Rigid registration by mutual information, with a gate.

`fixed` is the image whose grid counts, `moving` the one that is carried over. Transforms map fixed points to moving
points, as in ITK. Inside, the image with the smaller field of view is always the one that is sampled, whichever it is:
of the larger one's points most would meet nothing.

The same pair gives the same transform to the last bit (one thread, a fixed seed). A pair that can't be registered is
declined with a reason, never raised.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict, PositiveFloat

from hnseg.imaging.geometry import array_of
from hnseg.imaging.registration.agreement import Samples, apart_mm
from hnseg.imaging.registration.gate import Gate, Quality, quality_of
from hnseg.imaging.registration.poses import inverse
from hnseg.imaging.registration.pyramid import Intensities, Level, levels_of
from hnseg.imaging.registration.search import distinct, promising_poses, ranked

logger = logging.getLogger(__name__)

_Levels = dict[float, Level]

SEED = 42
MOST_SAMPLES = 60_000
NEAR_BODY_MM = 7.0
AGREEING_MM = 5.0


class _Stage(NamedTuple):
    """One refinement: the spacing, how many poses go in, and the optimiser's settings."""

    spacing_mm: float
    poses: int
    iterations: int
    step_mm: float
    bins: int


STAGES = (_Stage(8.0, 6, 60, 4.0, 32), _Stage(4.0, 3, 100, 2.0, 40), _Stage(2.0, 1, 100, 1.0, 48))
SEARCH_MM, JUDGE_MM = 8.0, 4.0


class RegistrationSettings(BaseModel):
    """What the two images' values mean, and what is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fixed: Intensities = Intensities()
    moving: Intensities = Intensities()
    gate: Gate = Gate()
    smallest_field_of_view_l: PositiveFloat = 0.5


@dataclass(frozen=True)
class Report:
    """What became of a pair, and why.

    Attributes:
        status: Only a registered pair's transform may be used.
        reason: Why it was not registered, as a clause; empty when it was.
        quality: What was measured; None when nothing was attempted.
        near_body_only: Whether air had to be left out of the comparison, which is the second attempt.
        starts_agreeing: How many of the starts ended within 5 mm of the result.
    """

    status: Literal["registered", "rejected", "not_attempted"]
    reason: str = ""
    quality: Quality | None = None
    near_body_only: bool = False
    starts_agreeing: int = 0


@dataclass(frozen=True)
class Registration:
    """A transform, and whether to use it.

    Attributes:
        transform: Maps fixed points to moving points; the identity when nothing was attempted.
        report: How it was judged.
    """

    transform: sitk.Euler3DTransform
    report: Report

    @property
    def accepted(self) -> bool:
        """Whether the transform may be used."""
        return self.report.status == "registered"

    def in_words(self) -> str:
        """Say what was found, as a clause."""
        quality = self.report.quality
        if not self.accepted or quality is None:
            return self.report.reason
        return (
            f"turned by {quality.rotation_deg:.1f} degrees, moved by {quality.shift_mm:.1f} mm,"
            f" correlation {quality.correlation:.2f}"
        )


def register_rigid(
    *, fixed: sitk.Image, moving: sitk.Image, settings: RegistrationSettings | None = None
) -> Registration:
    """Find the rotation and translation between two images of one patient.

    Args:
        fixed: Any grid.
        moving: Any grid; contrast and field of view may differ from the fixed image's.
        settings: What the images' values mean, and the gate; left out, both are MR.

    Returns:
        The transform and what it was judged by. A mirrored head passes unseen: heads are too symmetric.
    """
    settings = settings or RegistrationSettings()
    for name, image, intensities in (("fixed", fixed, settings.fixed), ("moving", moving, settings.moving)):
        if refusal := _refusal(image, intensities, smallest_l=settings.smallest_field_of_view_l):
            return _not_attempted(f"the {name} image {refusal}")
    with _one_thread():
        return _registered(fixed, moving, settings)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let ITK use one thread: several add up in an order that changes from run to run.

    Setting it on the registration alone is not enough, since its parts ask for the default.
    """
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


def _registered(fixed: sitk.Image, moving: sitk.Image, settings: RegistrationSettings) -> Registration:
    spacings_mm = sorted(stage.spacing_mm for stage in STAGES)
    of_fixed = levels_of(fixed, settings.fixed, spacings_mm=spacings_mm)
    of_moving = levels_of(moving, settings.moving, spacings_mm=spacings_mm)
    for name, levels in (("fixed", of_fixed), ("moving", of_moving)):
        if not all(level.body.any() for level in levels.values()):
            return _not_attempted(f"the {name} image shows no body")
    if _field_of_view_l(fixed) <= _field_of_view_l(moving):
        return _best_attempt(of_fixed, of_moving, settings.gate)
    found = _best_attempt(of_moving, of_fixed, settings.gate)
    return Registration(inverse(found.transform), found.report)


def _refusal(image: sitk.Image, intensities: Intensities, *, smallest_l: float) -> str:
    """Return why an image can't be registered at all, as a predicate; empty when it can be tried."""
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        return "is not a scalar 3-D image"
    if min(image.GetSize()) < 16:
        return f"has {min(image.GetSize())} voxels along one axis, and at least 16 are needed"
    if not all(0.1 < spacing < 10 for spacing in image.GetSpacing()):
        return f"has a spacing of {image.GetSpacing()} mm, and 0.1 to 10 mm is expected"
    if _field_of_view_l(image) < smallest_l:
        return f"covers {_field_of_view_l(image):.2f} l, and at least {smallest_l:g} l are needed"
    return _refusal_of_values(array_of(image), intensities)


def _refusal_of_values(array: npt.NDArray[Any], intensities: Intensities) -> str:
    if not np.isfinite(array).all():
        return "has values that are not finite"
    darkest, brightest = np.percentile(array, (1.0, 99.5))
    if not brightest > darkest:
        return "is constant"
    return "" if brightest > intensities.lowest else f"has hardly any values above {intensities.lowest:g}"


def _field_of_view_l(image: sitk.Image) -> float:
    return float(np.prod(image.GetSize()) * np.prod(image.GetSpacing()) * 1e-6)


def _not_attempted(reason: str) -> Registration:
    return Registration(sitk.Euler3DTransform(), Report("not_attempted", reason))


def _best_attempt(smaller: _Levels, larger: _Levels, gate: Gate) -> Registration:
    """Compare the whole fields of view, and if that fails only what is near the body."""
    whole = _attempt(smaller, larger, gate, near_body_only=False)
    if whole.accepted:
        return whole
    near_body = _attempt(smaller, larger, gate, near_body_only=True)
    return near_body if near_body.accepted else whole


def _attempt(smaller: _Levels, larger: _Levels, gate: Gate, *, near_body_only: bool) -> Registration:
    """Search, refine and judge; the transform maps points of the smaller image to points of the larger one."""
    near_body = {spacing: level.near_body(NEAR_BODY_MM) for spacing, level in smaller.items()}
    compared = near_body if near_body_only else {spacing: np.ones_like(mask) for spacing, mask in near_body.items()}
    searched, judged = (Samples.of(smaller[spacing], compared[spacing]) for spacing in (SEARCH_MM, JUDGE_MM))
    overlap = gate.overlap - 0.05  # refining may still gain a little
    poses = promising_poses(searched, smaller[SEARCH_MM], larger[SEARCH_MM], smallest_overlap=overlap)
    ends: list[list[sitk.Euler3DTransform]] = []
    for stage in STAGES:
        chosen = distinct(poses, searched.points_mm, count=stage.poses)
        mask = compared[stage.spacing_mm] if near_body_only else None
        refined = [_refined(pose, smaller[stage.spacing_mm], larger[stage.spacing_mm], mask, stage) for pose in chosen]
        poses = [pose for _, pose in ranked(refined, judged, larger[JUDGE_MM], smallest_overlap=overlap)]
        ends.append(poses)
    if not poses:
        return _not_attempted("the images can't be laid on each other so that both show the same part of the body")
    quality = quality_of(Samples.of(smaller[JUDGE_MM], near_body[JUDGE_MM]), larger[JUDGE_MM], poses[0])
    reason = gate.objection(quality)
    report = Report(
        status="rejected" if reason else "registered",
        reason=reason,
        quality=quality,
        near_body_only=near_body_only,
        starts_agreeing=sum(apart_mm(searched.points_mm, end, poses[0]) <= AGREEING_MM for end in ends[0]),
    )
    return Registration(poses[0], report)


def _refined(
    pose: sitk.Euler3DTransform, smaller: Level, larger: Level, mask: npt.NDArray[np.bool_] | None, stage: _Stage
) -> sitk.Euler3DTransform:
    """Return a pose improved by gradient descent at one spacing; itself where the optimiser finds no overlap."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(stage.bins)
    method.SetInterpolator(sitk.sitkLinear)
    method.MetricUseMovingImageGradientFilterOff()  # a smoothed gradient stops the descent short of the optimum
    samples = smaller.body.size if mask is None else np.count_nonzero(mask)
    if samples > MOST_SAMPLES:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(MOST_SAMPLES / samples, SEED)
    if mask is not None:
        fixed_mask: sitk.Image = sitk.GetImageFromArray(mask.astype(np.uint8))
        fixed_mask.CopyInformation(smaller.image)
        method.SetMetricFixedMask(fixed_mask)
    method.SetOptimizerAsRegularStepGradientDescent(stage.step_mm, stage.step_mm / 200, stage.iterations, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    result = sitk.Euler3DTransform(pose)
    method.SetInitialTransform(result, inPlace=True)
    try:
        method.Execute(smaller.image, larger.image)
    except RuntimeError as error:  # ITK's only way to say that the samples left the image
        logger.debug("A start was given up: %s", error)
        return pose
    return result
