"""Sweep of the SUVmax threshold: what every percentage from 1 to 100 of the highest uptake in the GTV predicts.

Predicted is every voxel of the PET with at least that share of SUVmax, the highest uptake inside the GTV, in the
paper's box around the GTV, but none of the brain: the rule of `hnseg.imaging.pet_ct.suvmax_volume`, for all percentages
at once. Over the whole body it would hold a bladder or a heart. Kutnár et al. 2023 chose, on validation patients, the
percentage of the largest mean Dice, 38 %. One chosen on the patients that it is reported for is flattered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.recurrence.patient_score import Recurrences
from hnseg.evaluation.recurrence.threshold_curve import Curve, PatientCurve, curve_of, patient_curve
from hnseg.imaging.geometry import Grid
from hnseg.imaging.pet_ct.gtv_crop import gtv_crop
from hnseg.imaging.pet_ct.suvmax_volume import suvmax_in, uptake_on
from hnseg.records import Frozen

BOX_MM = (156.24, 218.736, 256.0)
"""Size of the paper's box: 160 x 224 x 128 voxels of 0.9765 x 0.9765 x 2.0 mm, left to right, front to back, feet to
head."""

PERCENTS = tuple(range(1, 101))
"""Percentages of SUVmax."""


class SuvmaxSweep(Frozen):
    """Sweep over patients.

    Attributes:
        best_percent: Percentage of the largest mean Dice, the smallest of equal ones.
        patients_with_brain: Number of patients whose brain was left out.
        curve: Values by percentage.
    """

    best_percent: int
    patients_with_brain: int
    curve: Curve


def sweep_patient(
    recurrences: Recurrences, pet: sitk.Image, gtv: sitk.Image, brain: sitk.Image | None, *, name: str
) -> PatientCurve:
    """Return the curve of one patient over the percentages.

    Args:
        recurrences: Recurrences of the patient.
        pet: PET in SUV or Bq/ml, on any grid.
        gtv: Label map on the reference's grid, any value above 0 of which is GTV.
        brain: Label map of the brain on the same grid; None where there is none.
        name: Name of the patient, for the sentence of an error.

    Raises:
        InputError: GTV or brain lie on another grid, or there is no uptake inside the GTV.
    """
    for what, label_map in (("GTV", gtv), ("brain", brain)):
        if label_map is not None and (differences := Grid.of(label_map).differences(recurrences.grid)):
            raise InputError(
                f"The {what} of case {name} must lie on its reference's grid, but it has {differences}."
                " Was it drawn on another scan?"
            )
    uptake = uptake_on(pet, recurrences.grid)
    try:
        highest = suvmax_in(uptake, gtv)
    except InputError as error:
        raise InputError(f"Case {name}: {error}") from error
    if brain is not None:
        uptake[sitk.GetArrayViewFromImage(brain) > 0] = -np.inf
    box = gtv_crop(gtv, extent_mm=BOX_MM).inside(recurrences.grid)
    cropped = np.full_like(uptake, -np.inf)
    box.of(cropped)[:] = box.of(uptake)
    return patient_curve(cropped, recurrences, [percent / 100 * highest for percent in PERCENTS])


def sweep_of(patients: Sequence[PatientCurve], *, patients_with_brain: int) -> SuvmaxSweep:
    """Return the sweep over patients.

    Args:
        patients: Curve of each patient by the percentages.
        patients_with_brain: Number of patients whose brain was left out.
    """
    curve = curve_of(patients, PERCENTS)
    best = max(curve.points, key=lambda point: (-1.0 if point.mean_dsc is None else point.mean_dsc, -point.threshold))
    return SuvmaxSweep(best_percent=int(best.threshold), patients_with_brain=patients_with_brain, curve=curve)
