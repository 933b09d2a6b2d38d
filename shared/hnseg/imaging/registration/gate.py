"""Acceptance of a registration, by measures of the result, whichever way it was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.registration.agreement import Samples, apart_mm, moved, overlay
from hnseg.imaging.registration.poses import rotation_deg, shifted, turned
from hnseg.imaging.registration.pyramid import Level
from hnseg.imaging.registration.refinement import Descent, refined
from hnseg.imaging.registration.refusal import Refusal
from hnseg.records import Frozen

NEAR_BODY_MM = 7.0
STEP_MM, STEP_DEG = 10.0, 8.0
ON_ITS_OWN = Descent(iterations=30, step_mm=2.0, bins=32, samples=10_000)


# Likely causes of a measure that is too low, in the order in which they are checked
_LIKELY_CAUSES = {
    "correlation": "Are they of two patients, does one show hardly more than noise, or is one of its axes flipped?",
    "body_dice": "Are they of two patients, or does one of them show the body only in part?",
    "overlap": "Do they show different parts of the body?",
    "drop": "Do they show the same part of the body, and with enough contrast?",
}


@dataclass(frozen=True)
class Quality:
    """Measures by which a pose is accepted.

    Attributes:
        mutual_information: Mutual information of the intensities near the body, in nats.
        correlation: Entropy correlation: the mutual information as a fraction of both images' entropy, 0 to 1.
        body_dice: Dice of the two bodies where both images have voxels, 0 to 1.
        overlap: Fraction of the smaller image's body inside the larger image, 0 to 1.
        drop: Least fraction of the mutual information that is lost by moving 10 mm or turning 8 degrees away; negative
            when a pose nearby is better.
        drift_mm: Distance that the halves of the body, upper and lower, left and right, front and back, move when each
            is registered on its own from this pose: the median of the six. A right pose is right for every half. Halves
            of a wrong one leave it, in directions of their own where there is nothing to be found.
        rotation_deg: Angle of the rotation.
        shift_mm: Distance that the middle of the samples moves.
    """

    mutual_information: float
    correlation: float
    body_dice: float
    overlap: float
    drop: float
    drift_mm: float
    rotation_deg: float
    shift_mm: float


class Gate(Frozen):
    """Thresholds that a registration must reach to be used.

    The defaults were fitted on CT and MR pairs with known answers: the correlation of results that had nothing to do
    with the answer was at most 0.124, that of right ones at least 0.21; halves of right results drifted by at most
    2.5 mm, those of results 5 mm off and more by at least 4.
    """

    correlation: float = 0.16
    body_dice: float = 0.80
    overlap: float = 0.60
    drop: float = 0.0
    """Smallest accepted loss, as for the measures above it; of the measures below, the largest accepted value."""
    drift_mm: float = 3.5
    rotation_deg: float = 40.0

    def objection(self, quality: Quality) -> Refusal | None:
        """Return the reason why a result can't be trusted; None when it can."""
        for name, likely_cause in _LIKELY_CAUSES.items():
            found, least = getattr(quality, name), getattr(self, name)
            if not found >= least:
                reason = f"the images agree too little ({name} {found:.3f}, at least {least:g} needed)"
                return Refusal(reason, likely_cause)
        if not quality.drift_mm <= self.drift_mm:
            return Refusal(
                "parts of the body, each on its own, belong elsewhere"
                f" (drift_mm {quality.drift_mm:.1f}, at most {self.drift_mm:g} allowed)",
                "Has the body bent between the scans, or are they of two patients?",
            )
        if quality.rotation_deg > self.rotation_deg:
            return Refusal(
                f"the images are turned by {quality.rotation_deg:.0f} degrees, more than {self.rotation_deg:g}",
                "Is one of them stored with a wrong orientation?",
            )
        return None


def quality_of(smaller: Level, larger: Level, pose: sitk.Euler3DTransform) -> Quality:
    """Measure a pose, in and near the body.

    Args:
        smaller: Image with the smaller field of view.
        larger: Image with the larger field of view.
        pose: Transform from points of the smaller image to points of the larger one.
    """
    near_body = smaller.near_body(NEAR_BODY_MM)
    samples = Samples.of(smaller, near_body)
    met = overlay(samples, larger, pose)
    information = met.mutual_information()
    nearby = [
        *(shifted(pose, axis=axis, by_mm=sign * STEP_MM) for axis in range(3) for sign in (-1, 1)),
        *(turned(pose, axis=axis, by_deg=sign * STEP_DEG) for axis in range(3) for sign in (-1, 1)),
    ]
    best_nearby = max(overlay(samples, larger, other).mutual_information() for other in nearby)
    drifts = [
        apart_mm(smaller.points_mm(half), refined(pose, smaller, larger, ON_ITS_OWN, where=half), pose)
        for half in _halves(near_body)
    ]
    middle = samples.points_mm.mean(axis=0, keepdims=True)
    return Quality(
        mutual_information=information,
        correlation=met.correlation(),
        body_dice=met.body_dice(),
        overlap=met.overlap,
        drop=1 - best_nearby / information if information > 0 else 0.0,
        drift_mm=float(np.median(drifts)),
        rotation_deg=rotation_deg(pose),
        shift_mm=float(np.linalg.norm(moved(middle, pose) - middle)),
    )


def _halves(mask: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield the voxels of a mask (z, y, x) before and behind its middle along each axis."""
    for axis, places in enumerate(np.nonzero(mask)):
        behind = np.arange(mask.shape[axis]) > np.median(places)
        behind = np.expand_dims(behind, tuple(other for other in range(mask.ndim) if other != axis))
        yield mask & ~behind
        yield mask & behind
