"""Soft-tissue sarcomas of 16 patients on PET/CT, laid out as HECKTOR's data, and what benchmarks on them share.

It is not HECKTOR: legs, one large tumour each and no nodes, on scans cropped to 5 cm around it, so that nothing else
takes up much. But scanners, SUV and noise are real, as a phantom's are not. The GTV is GTVp.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.axes import Axes

from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import WorkFolder, read_json

PATIENTS = "hecktor2026_training"
TABLE = "HECKTOR_2026_Training.csv"
TRAINING = "training"
FILES = {"CT_image": "__CT", "PET_image": "__PT", "CT_mask": ""}
GTVP = 1
SOFT_TISSUE_HU = (-160, 240)
DESCRIPTION = ("--name", "soft-tissue sarcoma", "--training-data", "TCIA Soft-tissue-Sarcoma, 16 patients")


def run_step(parser: argparse.ArgumentParser, steps: Mapping[argparse.ArgumentParser, Callable[..., None]]) -> None:
    """Run the step of a benchmark that the command line names; all share a folder."""
    for step, run in steps.items():
        step.add_argument("--work", type=Path, required=True, help="folder that all steps share")
        step.set_defaults(run=run)
    given = parser.parse_args()
    given.run(given)


@dataclass(frozen=True)
class Patient:
    """The files of a patient, by the names that they have in the source; the mask is the GTV on the CT's grid."""

    name: str
    files: Mapping[str, Path]

    @classmethod
    def laid_out(cls, folder: Path) -> Patient:
        """Return the patient of a folder that `layout` wrote."""
        return cls(folder.name, {file: folder / f"{folder.name}{suffix}.nii.gz" for file, suffix in FILES.items()})

    @cached_property
    def ct(self) -> sitk.Image:
        """In Hounsfield units."""
        return sitk.ReadImage(str(self.files["CT_image"]))

    @cached_property
    def pet(self) -> sitk.Image:
        """In SUV."""
        return sitk.ReadImage(str(self.files["PET_image"]))

    @cached_property
    def reference(self) -> sitk.Image:
        """The GTV as GTVp."""
        return sitk.ReadImage(str(self.files["CT_mask"]))


def lay_out(given: argparse.Namespace) -> None:
    """Write the files of `given.source` as HECKTOR's of 2026 into `given.work`, with the least table of patients."""
    names = []
    for source in sorted(given.source.glob("STS_*")):
        name = source.name.replace("_", "-")
        target = given.work / PATIENTS / name
        target.mkdir(parents=True)
        for file, suffix in FILES.items():
            shutil.copy(source / f"{file}.nii.gz", target / f"{name}{suffix}.nii.gz")
        names.append(name)
    with (given.work / PATIENTS / TABLE).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("PatientID", "CenterID"), *((name, 1) for name in names)])
    print(f"laid out {len(names)} patients in {given.work / PATIENTS}")


def convert_and_plan(challenge: str, folder: Path, preset: str) -> Path:
    """Convert the patients and plan a preset, but for what an earlier call has done; return the work folder."""
    work = folder / TRAINING
    if not (work / "nnUNet_raw").is_dir():
        run_program("hnseg-train", "convert", challenge, folder / PATIENTS, "--output", work, "--workers", 1)
    if not (work / "nnUNet_results").is_dir():
        run_program("hnseg-train", "plan", challenge, "--work", work, "--preset", preset, "--workers", 1)
    return work


def validation_patients(challenge: str, folder: Path) -> list[list[str]]:
    """Return the names of the patients that each fold was not trained on, by the fold."""
    work = WorkFolder.open(folder / TRAINING, challenge=challenge)
    return [split["val"] for split in read_json(work.preprocessed / SPLITS_FILE)]


def run_program(name: str, *words: object) -> None:
    """Run one of this environment's programs."""
    program = Path(sys.executable).with_name(name)
    subprocess.run([str(word) for word in (program, *words)], check=True)


def outline(axes: Axes, masks: Mapping[str, np.ndarray]) -> None:
    """Draw the contour of each mask that is in the slice, by its colour."""
    axes.set_axis_off()
    for colour, mask in masks.items():
        if mask.any():
            axes.contour(mask.astype(float), levels=[0.5], colors=[colour], linewidths=1.2)
