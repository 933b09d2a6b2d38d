"""Rigid registration by mutual information, with a gate.

`fixed` is the image whose grid counts, `moving` the one that is carried over. Transforms map fixed points to moving
points, as in ITK. Inside, the image with the smaller field of view is always the one that is sampled, whichever it is:
of the larger one's points most would meet nothing.

The same pair gives the same transform to the last bit (one thread, a fixed seed). A pair that can't be registered is
declined with a reason, never raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import SimpleITK as sitk
from pydantic import PositiveFloat

from hnseg.imaging.registration.agreement import Samples, apart_mm
from hnseg.imaging.registration.gate import NEAR_BODY_MM, Gate, Quality, quality_of
from hnseg.imaging.registration.poses import inverse
from hnseg.imaging.registration.pyramid import Intensities, Level, levels_of
from hnseg.imaging.registration.refinement import Descent, refined
from hnseg.imaging.registration.refusal import field_of_view_l, refusal_of
from hnseg.imaging.registration.search import distinct, promising_poses, ranked
from hnseg.records import Frozen

_Levels = dict[float, Level]

AGREEING_MM = 5.0


class _Round(NamedTuple):
    """One round of refinement: the spacing, the number of poses that go in, and the settings of the descent."""

    spacing_mm: float
    poses: int
    descent: Descent


ROUNDS = (
    _Round(8.0, 6, Descent(iterations=60, step_mm=4.0, bins=32)),
    _Round(4.0, 3, Descent(iterations=100, step_mm=2.0, bins=40)),
    _Round(2.0, 1, Descent(iterations=100, step_mm=1.0, bins=48)),
)
SEARCH_MM, JUDGE_MM = 8.0, 4.0


class RegistrationSettings(Frozen):
    """Settings of a registration: the meaning of the images' values, and the thresholds of acceptance."""

    fixed: Intensities = Intensities()
    moving: Intensities = Intensities()
    gate: Gate = Gate()
    smallest_field_of_view_l: PositiveFloat = 0.5


@dataclass(frozen=True)
class Report:
    """Outcome of a registration, and the reason for it.

    Attributes:
        status: "registered", the only one of which the transform may be used; "rejected" by the gate; or
            "not_attempted", since an image can't be registered.
        reason: Reason why it was not registered, as a clause; "" when it was.
        likely_cause: Question that may explain the reason; "" when there is none.
        quality: Measures of the result; None when nothing was attempted.
        near_body_only: Whether air was left out of the comparison, which is the second attempt.
        starts: Number of poses from which the descent started.
        starts_agreeing: Number of these that ended within 5 mm of the result.
    """

    status: Literal["registered", "rejected", "not_attempted"]
    reason: str = ""
    likely_cause: str = ""
    quality: Quality | None = None
    near_body_only: bool = False
    starts: int = 0
    starts_agreeing: int = 0


@dataclass(frozen=True)
class Registration:
    """Transform, and whether to use it.

    Attributes:
        transform: Transform from points of the fixed image to points of the moving one, as in ITK; the identity when
            nothing was attempted.
        report: Outcome, and the measures behind it.
    """

    transform: sitk.Euler3DTransform
    report: Report

    @property
    def accepted(self) -> bool:
        """Whether the transform may be used."""
        return self.report.status == "registered"

    def in_words(self) -> str:
        """Return the outcome in words, as a clause."""
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
        fixed: Scalar 3-D image on any grid.
        moving: Scalar 3-D image on any grid; contrast and field of view may differ from the fixed image's.
        settings: Meaning of the images' values, and the gate; left out, both are MR.

    Returns:
        Transform and the outcome, also of images that can't be registered: nothing is raised for them. A mirrored head
        is not detected, since heads are too symmetric.

    >>> thin = sitk.Image([64, 64, 4], sitk.sitkFloat32)
    >>> register_rigid(fixed=thin, moving=thin).report.reason
    'the fixed image has 4 voxels along one axis, and at least 16 are needed'
    """
    settings = settings or RegistrationSettings()
    for name, image, intensities in (("fixed", fixed, settings.fixed), ("moving", moving, settings.moving)):
        if refusal := refusal_of(image, intensities, smallest_l=settings.smallest_field_of_view_l):
            return _not_attempted(f"the {name} image {refusal.reason}", refusal.likely_cause)
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
    spacings_mm = sorted(one.spacing_mm for one in ROUNDS)
    of_fixed = levels_of(fixed, settings.fixed, spacings_mm=spacings_mm)
    of_moving = levels_of(moving, settings.moving, spacings_mm=spacings_mm)
    for name, levels in (("fixed", of_fixed), ("moving", of_moving)):
        if not levels[JUDGE_MM].body.any():
            return _not_attempted(f"the {name} image shows no body", "Is there only air in it?")
    if field_of_view_l(fixed) <= field_of_view_l(moving):
        return _best_attempt(of_fixed, of_moving, settings.gate)
    found = _best_attempt(of_moving, of_fixed, settings.gate)
    return Registration(inverse(found.transform), found.report)


def _not_attempted(reason: str, likely_cause: str) -> Registration:
    return Registration(sitk.Euler3DTransform(), Report("not_attempted", reason, likely_cause))


def _best_attempt(smaller: _Levels, larger: _Levels, gate: Gate) -> Registration:
    """Compare the whole fields of view, and if that fails only what is near the body."""
    whole = _attempt(smaller, larger, gate, near_body_only=False)
    if whole.accepted:
        return whole
    near_body = _attempt(smaller, larger, gate, near_body_only=True)
    return near_body if near_body.accepted else whole


def _attempt(smaller: _Levels, larger: _Levels, gate: Gate, *, near_body_only: bool) -> Registration:
    """Search, refine and judge; the transform maps points of the smaller image to points of the larger one."""
    compared = {
        spacing: level.near_body(NEAR_BODY_MM) if near_body_only else np.ones(level.grid.shape_zyx, bool)
        for spacing, level in smaller.items()
    }
    searched, judged = (Samples.of(smaller[spacing], compared[spacing]) for spacing in (SEARCH_MM, JUDGE_MM))
    overlap = gate.overlap - 0.05  # refining may still gain a little
    poses = promising_poses(searched, smaller[SEARCH_MM], larger[SEARCH_MM], smallest_overlap=overlap)
    ends: list[list[sitk.Euler3DTransform]] = []
    for spacing, count, descent in ROUNDS:
        where = compared[spacing] if near_body_only else None
        chosen = distinct(poses, searched.points_mm, count=count)
        found = [refined(pose, smaller[spacing], larger[spacing], descent, where=where) for pose in chosen]
        poses = [pose for _, pose in ranked(found, judged, larger[JUDGE_MM], smallest_overlap=overlap)]
        ends.append(poses)
    if not poses:
        return _not_attempted(
            "the images can't be laid on each other so that both show the same part of the body",
            "Do they show different parts of the body, or is one of them nearly empty?",
        )
    quality = quality_of(smaller[JUDGE_MM], larger[JUDGE_MM], poses[0])
    agreeing = sum(apart_mm(searched.points_mm, end, poses[0]) <= AGREEING_MM for end in ends[0])
    report = replace(
        _judged(gate, quality), near_body_only=near_body_only, starts=len(ends[0]), starts_agreeing=agreeing
    )
    return Registration(poses[0], report)


def _judged(gate: Gate, quality: Quality) -> Report:
    refusal = gate.objection(quality)
    if refusal is None:
        return Report("registered", quality=quality)
    return Report("rejected", refusal.reason, refusal.likely_cause, quality=quality)
