"""Files of a patient with recurrences: in the container's layout, and in the layout of training data.

In both, `origins.csv` and `ctv1.nii.gz` to `ctv3.nii.gz` are truth that a container does not get: for every recurrence
the point and the region in which it began, and the target volumes.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, LabelArray, image_of
from hnseg.phantom.challenges.recurrence.origins import Origin
from hnseg.phantom.writing import write_image, write_inputs

ORIGIN_COLUMNS = ("patient", "x_mm", "y_mm", "z_mm", "region")
"""Columns of the table of origins: coordinates are LPS."""


@dataclass(frozen=True)
class Patient:
    """Scans and outlines before treatment, and the recurrences after it, on the planning CT's grid.

    Attributes:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        ct: CT, int16, HU.
        pet: PET, float32, on its own grid; SUV, or Bq/ml in the variant of that name.
        gtv: Label map, uint8; 1 GTV.
        brain: Label map, uint8, 1 brain; None where nobody outlined it.
        ctvs: Label maps of CTV1, CTV2 and CTV3, uint8; 1 inside.
        recurrences: Number of the recurrence in each voxel, uint8 (z, y, x) on the CT's grid: from 1, in the order of
            the origins; 0 elsewhere.
        origins: Where each recurrence began.
    """

    seed: int
    index: int
    ct: sitk.Image
    pet: sitk.Image
    gtv: sitk.Image
    brain: sitk.Image | None
    ctvs: tuple[sitk.Image, sitk.Image, sitk.Image]
    recurrences: LabelArray
    origins: tuple[Origin, ...]

    def recurrence_map(self, numbers: Sequence[int]) -> sitk.Image:
        """Return the label map of some recurrences, uint8, 1 inside, on the CT's grid.

        Args:
            numbers: Numbers of the recurrences, from 1.
        """
        return image_of(np.isin(self.recurrences, numbers).astype(np.uint8), Grid.of(self.ct))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of the recurrences, from 1."""
        return tuple(range(1, len(self.origins) + 1))


def write_container_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the container's layout: `case_000/input`, with the recurrences in `case_000/expected`.

    Returns:
        Folder of the case.
    """
    case = output / f"case_{patient.index:03d}"
    images = {
        "ct": patient.ct,
        "pet": patient.pet,
        "gtv-segmentation": patient.gtv,
        "brain-segmentation": patient.brain,
    }
    write_inputs(images, case / "input", seed=patient.seed, index=patient.index)
    answer = case / "expected" / "images" / "recurrence-segmentation" / "output.mha"
    write_image(patient.recurrence_map(patient.numbers), answer)
    _write_truth(patient, case.name, case / "expected")
    return case


def write_training_case(patient: Patient, output: Path) -> Path:
    """Write a patient as training data comes: a folder with CT, PET, GTV, recurrences and, where outlined, the brain.

    Recurrences come in either form that is read: of even patients in one `recurrence.nii.gz`, of odd ones in a
    `recurrence_1.nii.gz` and further ones.

    Returns:
        Folder of the patient.
    """
    folder = output / f"patient_{patient.index:03d}"
    images = {"ct": patient.ct, "pet": patient.pet, "gtv": patient.gtv, "brain": patient.brain}
    if patient.index % 2 == 0:
        images["recurrence"] = patient.recurrence_map(patient.numbers)
    else:
        images |= {f"recurrence_{number}": patient.recurrence_map([number]) for number in patient.numbers}
    for name, image in images.items():
        if image is not None:
            write_image(image, folder / f"{name}.nii.gz")
    _write_truth(patient, folder.name, folder)
    return folder


LAYOUTS = {"container": write_container_case, "challenge": write_training_case}
"""Functions that write a patient, by layout."""


def _write_truth(patient: Patient, name: str, folder: Path) -> None:
    for number, ctv in enumerate(patient.ctvs, start=1):
        write_image(ctv, folder / f"ctv{number}.nii.gz")
    with (folder / "origins.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ORIGIN_COLUMNS)
        writer.writerows((name, *(f"{mm:.3f}" for mm in one.point_mm), one.region) for one in patient.origins)
