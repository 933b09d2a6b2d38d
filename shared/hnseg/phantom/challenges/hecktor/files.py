"""Files of a HECKTOR patient: in the container's layout, and in the layout of each year's data set.

A cell of a table is empty where the health record lacks the field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from hnseg.phantom.body.painting import Pose
from hnseg.phantom.challenges.hecktor.body import Body
from hnseg.phantom.challenges.hecktor.ehr import MISSING_FRACTIONS, Record, as_broken_json
from hnseg.phantom.challenges.hecktor.outcome import Findings
from hnseg.phantom.writing import write_image, write_inputs, write_table_row

_MASK_FOLDERS = ("head-neck-tumor-segmentation", "tumor-lymph-node-segmentation")


@dataclass(frozen=True)
class Patient:
    """Scans, tumours and clinical values of a patient, with the numbers they were drawn from.

    Attributes:
        seed: Seed of the whole set.
        index: Number of the patient within the set.
        ct: CT, int16, HU.
        pet: PET, float32, SUV, on its own grid; None without a PET.
        mask: Label map, uint8, on the CT's grid; 1 GTVp, 2 GTVn.
        ehr: Health record; fields may be missing.
        broken_record: Whether the file of the record is invalid JSON.
        centre: Name of the hospital.
        t_stage: T stage, T1 to T4.
        n_stage: N stage, N0 to N3.
        rfs_days: Days without a relapse.
        relapse: Whether they ended with a relapse; otherwise with the end of follow-up.
        findings: Extents and uptake of the tumours, from which stages and survival were drawn.
        body: Body that was scanned.
        pose: Pose of the body in the CT.
    """

    seed: int
    index: int
    ct: sitk.Image
    pet: sitk.Image | None
    mask: sitk.Image
    ehr: Record
    broken_record: bool
    centre: str
    t_stage: str
    n_stage: str
    rfs_days: float
    relapse: bool
    findings: Findings
    body: Body
    pose: Pose

    @property
    def name(self) -> str:
        """Name of the patient in the data sets."""
        return f"{self.centre}-{self.index + 1:03d}"


def write_container_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the container's layout: `case_000/input`, with the answers in `case_000/expected`.

    The mask is written for both editions. Beside the answers, `relapse.json` is true if the days in `rfs.json` ended
    with a relapse.

    Returns:
        Folder of the case.
    """
    case = output / f"case_{patient.index:03d}"
    images = {"ct": patient.ct, "pet": patient.pet}
    write_inputs(images, case / "input", seed=patient.seed, index=patient.index)
    record = as_broken_json(patient.ehr) if patient.broken_record else json.dumps(patient.ehr, indent=4) + "\n"
    (case / "input" / "ehr.json").write_text(record, encoding="utf-8")
    expected = case / "expected"
    for folder in _MASK_FOLDERS:
        write_image(patient.mask, expected / "images" / folder / "output.mha")
    answers = {
        "t-stage": patient.t_stage,
        "n-stage": patient.n_stage,
        "rfs": patient.rfs_days,
        "relapse": patient.relapse,
    }
    for slug, value in answers.items():
        (expected / f"{slug}.json").write_text(json.dumps(value) + "\n", encoding="utf-8")
    return case


def write_2026_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the layout of 2026: `hecktor2026_training/<ID>/...`, and a row of the table.

    Returns:
        Folder of the patient.
    """
    root = output / "hecktor2026_training"
    write_table_row(root / "HECKTOR_2026_Training.csv", _row_of(patient))
    return _write_folder(patient, root)


def write_2025_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the layout of 2025: `Task 1/<ID>/...`, and a row of the table.

    Returns:
        Folder of the patient.
    """
    root = output / "Task 1"
    write_table_row(root / "HECKTOR_2025_Training_Task_1.csv", _row_of(patient))
    return _write_folder(patient, root)


def write_2022_case(patient: Patient, output: Path) -> Path:
    """Write a patient in the layout of 2022: images and labels in two folders, and a row of each of two tables.

    Returns:
        Folder of the images of all patients.
    """
    root = output / "hecktor2022_training"
    name, row = patient.name, _row_of(patient)
    write_image(patient.ct, root / "imagesTr" / f"{name}__CT.nii.gz")
    if patient.pet is not None:
        write_image(patient.pet, root / "imagesTr" / f"{name}__PT.nii.gz")
    write_image(patient.mask, root / "labelsTr" / f"{name}.nii.gz")
    endpoint = {"PatientID": name, "Relapse": row.pop("Relapse"), "RFS": row.pop("RFS")}
    write_table_row(root / "hecktor2022_clinical_info_training.csv", row)
    write_table_row(root / "hecktor2022_endpoint_training.csv", endpoint)
    return root / "imagesTr"


def _write_folder(patient: Patient, root: Path) -> Path:
    name = patient.name
    write_image(patient.ct, root / name / f"{name}__CT.nii.gz")
    if patient.pet is not None:
        write_image(patient.pet, root / name / f"{name}__PT.nii.gz")
    write_image(patient.mask, root / name / f"{name}.nii.gz")
    return root / name


def _row_of(patient: Patient) -> dict[str, str]:
    """Return a patient's cells by column, the name first."""
    return {
        "PatientID": patient.name,
        **{name: str(patient.ehr.get(name, "")) for name in MISSING_FRACTIONS},
        "T-stage": patient.t_stage,
        "N-stage": patient.n_stage,
        "Relapse": str(int(patient.relapse)),
        "RFS": f"{patient.rfs_days:.0f}",
    }
