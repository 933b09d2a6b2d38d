"""Pictures of patients for the page of a comparison, read again from their files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.drawing.pet_layer import PetLayer, pet_layer_of
from hnseg.drawing.volumes import draw_volumes
from hnseg.evaluation.recurrence.comparison import Comparison
from hnseg.evaluation.recurrence.methods import Cohort, Patient
from hnseg.evaluation.recurrence.summary import values_of
from hnseg.imaging.geometry import Grid, resample_image

MOST_PICTURES = 8
"""Largest number of patients that are drawn: from the best to the worst, at even steps."""


@dataclass(frozen=True)
class PatientPicture:
    """Picture of one patient.

    Attributes:
        name: Name of the patient.
        dsc: Dice of each method, None where it is undefined.
        png: Slices as a PNG.
    """

    name: str
    dsc: tuple[float | None, ...]
    png: bytes


def draw_patients(cohort: Cohort, comparison: Comparison) -> list[PatientPicture]:
    """Draw patients from the best Dice of the first method to the worst; undefined ones come last.

    Args:
        cohort: Files of the patients.
        comparison: Scores of all methods for them.

    Raises:
        InputError: A file can't be read.
    """
    dice = np.array([values_of(method.report.cases, "dsc") for method in comparison.methods])
    order = np.argsort(-dice[0], kind="stable")
    steps = np.linspace(0, len(order) - 1, min(MOST_PICTURES, len(order))).round().astype(int)
    return [
        PatientPicture(
            cohort.patients[place].name,
            tuple(None if np.isnan(value) else float(value) for value in dice[:, place]),
            _drawn(cohort.patients[place], cohort.methods),
        )
        for place in order[steps].tolist()
    ]


def _drawn(patient: Patient, methods: tuple[str, ...]) -> bytes:
    reference = patient.read_reference()
    predicted = {method: patient.read_pair(method, reference).prediction for method in methods}
    scan, pet = _images_of(patient, Grid.of(reference))
    return draw_volumes(reference, predicted, scan, pet)


def _images_of(patient: Patient, grid: Grid) -> tuple[sitk.Image | None, PetLayer | None]:
    """Return the CT and the PET of a patient on a grid; None for one that is not there."""
    if patient.images is None:
        return None, None
    ct, pet = (patient.images.read(what) if what in patient.images.paths else None for what in ("ct", "pet"))
    scan = None if ct is None else resample_image(ct, grid, outside=float(sitk.GetArrayViewFromImage(ct).min()))
    return scan, None if pet is None else pet_layer_of(pet, ct, grid)
