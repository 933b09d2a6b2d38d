"""May a registration be used? Measured at the result, whichever way it was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict

from hnseg.imaging.registration.agreement import Samples, moved, overlay
from hnseg.imaging.registration.poses import rotation_deg, shifted, turned
from hnseg.imaging.registration.pyramid import Level

STEP_MM, STEP_DEG = 10.0, 8.0


@dataclass(frozen=True)
class Quality:
    """What a pose is judged by.

    Attributes:
        correlation: Entropy correlation of the intensities near the body, 0 to 1.
        body_dice: Dice of the two bodies where both images have voxels, 0 to 1.
        overlap: Share of the smaller image's body inside the larger image, 0 to 1.
        drop: Least share of the mutual information that is lost by moving 10 mm or turning 8 degrees away; negative
            when a pose nearby is better.
        rotation_deg: Angle of the rotation.
        shift_mm: How far the middle of the samples moves.
    """

    correlation: float
    body_dice: float
    overlap: float
    drop: float
    rotation_deg: float
    shift_mm: float


class Gate(BaseModel):
    """What a registration must reach to be used.

    The defaults were fitted on CT and MR pairs with known answers: the correlation of wrong results was at most
    0.124, that of right ones at least 0.21. A result a few millimetres off can't be told from a right one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    correlation: float = 0.16
    body_dice: float = 0.80
    overlap: float = 0.60
    drop: float = 0.0
    rotation_deg: float = 40.0
    """The largest angle; the others are the smallest values."""

    def objection(self, quality: Quality) -> str:
        """Return why a result can't be trusted, as a clause; empty when it can."""
        for name in ("correlation", "body_dice", "overlap", "drop"):
            found, least = getattr(quality, name), getattr(self, name)
            if not found >= least:
                return f"the images agree too little ({name} {found:.3f}, at least {least:g} needed)"
        if quality.rotation_deg > self.rotation_deg:
            return f"the images are turned by {quality.rotation_deg:.0f} degrees, more than {self.rotation_deg:g}"
        return ""


def quality_of(samples: Samples, larger: Level, pose: sitk.Euler3DTransform) -> Quality:
    """Measure a pose.

    Args:
        samples: Points of the smaller image, in and near the body.
        larger: The larger image.
        pose: Maps points of the smaller image to points of the larger one.
    """
    met = overlay(samples, larger, pose)
    information = met.mutual_information()
    nearby = [
        *(shifted(pose, axis=axis, by_mm=sign * STEP_MM) for axis in range(3) for sign in (-1, 1)),
        *(turned(pose, axis=axis, by_deg=sign * STEP_DEG) for axis in range(3) for sign in (-1, 1)),
    ]
    best_nearby = max(overlay(samples, larger, other).mutual_information() for other in nearby)
    middle = samples.points_mm.mean(axis=0, keepdims=True)
    return Quality(
        correlation=met.correlation(),
        body_dice=met.body_dice(),
        overlap=met.overlap,
        drop=1 - best_nearby / information if information > 0 else 0.0,
        rotation_deg=rotation_deg(pose),
        shift_mm=float(np.linalg.norm(moved(middle, pose) - middle)),
    )
