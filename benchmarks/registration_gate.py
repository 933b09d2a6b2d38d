"""Results that the gate should and should not let through: what methods found, and wrong ones made on purpose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from registration_pairs import Pair
from scipy.spatial.transform import Rotation

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.registration import HOUNSFIELD, Gate, Intensities, RegistrationSettings, register_rigid
from hnseg.imaging.registration.agreement import Points, moved
from hnseg.imaging.registration.gate import quality_of
from hnseg.imaging.registration.poses import inverse
from hnseg.imaging.registration.pyramid import Level, levels_of
from hnseg.imaging.registration.rigid import JUDGE_MM

LEAST, MOST = 6.0, 40.0  # mm and degrees by which a right result is disturbed
SPOILS = ("upside down", "back to front", "axes swapped", "another patient", "a leg", "left and right swapped")


@dataclass(frozen=True)
class Judge:
    """The gate, ready to look at any transform between two images."""

    ct: Level
    mr: Level

    @classmethod
    def of(cls, pair: Pair) -> Judge:
        """Prepare a pair as the registration does."""
        spacings_mm = (JUDGE_MM / 2, JUDGE_MM)
        ct = levels_of(pair.ct, HOUNSFIELD, spacings_mm=spacings_mm)[JUDGE_MM]
        return cls(ct, levels_of(pair.mr, Intensities(), spacings_mm=spacings_mm)[JUDGE_MM])

    def objection(self, ct_to_mr: sitk.Euler3DTransform) -> str:
        """Return why the transform would be refused; empty when it would not."""
        refusal = Gate().objection(quality_of(self.mr, self.ct, inverse(ct_to_mr)))
        return refusal.reason if refusal else ""


def disturbed(ct_to_mr: sitk.Euler3DTransform, middle_mm: Points, rng: np.random.Generator) -> sitk.Euler3DTransform:
    """Return a transform followed by a shift, a turn or both, of 6 to 40 mm or degrees, about the middle of the MR."""
    how = rng.integers(3)
    axis, way = (vector / np.linalg.norm(vector) for vector in rng.standard_normal((2, 3)))
    turn = Rotation.from_rotvec(axis * (how != 0) * rng.uniform(LEAST, MOST), degrees=True).as_matrix()
    shift = way * (how != 1) * rng.uniform(LEAST, MOST)
    start = np.array(ct_to_mr.TransformPoint((0.0, 0.0, 0.0)))
    result = sitk.Euler3DTransform()
    result.SetMatrix((turn @ np.array(ct_to_mr.GetMatrix()).reshape(3, 3)).ravel().tolist(), 1e-6)
    result.SetTranslation((turn @ (start - middle_mm) + middle_mm + shift).tolist())
    return result


def verdict_on_spoiled(pair: Pair, how: str, *, stranger: sitk.Image, leg: sitk.Image | None) -> str:
    """Return why our registration refuses a pair whose MR was spoiled; empty when it doesn't notice.

    Args:
        pair: The pair as it should be.
        how: One of `SPOILS`.
        stranger: The MR of another patient.
        leg: An MR of something else; None where there is no such data.
    """
    array = array_of(pair.mr)
    changed = {
        "upside down": np.flip(array, 0),
        "back to front": np.flip(array, 1),
        "axes swapped": np.swapaxes(array, 0, 1),
        "left and right swapped": np.flip(array, 2),
    }
    if how in changed:
        values = np.ascontiguousarray(changed[how])
        grid = Grid.of(pair.mr)
        z, y, x = values.shape
        mr = image_of(values, Grid((x, y, z), grid.spacing_mm, grid.origin_mm, grid.direction))
    else:
        mr = stranger if how == "another patient" or leg is None else leg
    return register_rigid(fixed=pair.ct, moving=mr, settings=RegistrationSettings(fixed=HOUNSFIELD)).report.reason


def error_mm(pair: Pair, ct_to_mr: sitk.Euler3DTransform, targets_mm: Points) -> float:
    """Return the target registration error: how far off the transform takes the targets, on average."""
    return float(np.linalg.norm(moved(targets_mm, ct_to_mr) - moved(targets_mm, pair.truth), axis=1).mean())
