"""Tiny HECKTOR in each of its public layouts: five patients of two centres, boxes of known places."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, image_of

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
GRID = Grid((40, 36, 30), (8.0, 8.0, 5.0), (-160.0, -144.0, 5.0), UPRIGHT)
FINE_GRID = Grid((80, 72, 30), (4.0, 4.0, 5.0), (-162.0, -146.0, 5.0), UPRIGHT)  # two voxels in each of GRID's, x and y
PET_GRID = Grid((32, 29, 25), (10.0, 10.0, 6.0), (-158.0, -142.0, 5.0), UPRIGHT)
PATIENTS = ("CHUM-001", "CHUM-002", "CHUM-010", "MDA-001", "MDA-002")
ON_FINE_GRID = "MDA-002"
"""The patient whose label map does not lie on the CT's grid."""

# (z, y, x) in voxels of GRID
GTVP = (slice(12, 17), slice(14, 20), slice(16, 22))
GTVN = (slice(8, 12), slice(16, 20), slice(25, 29))
TABLE = {  # T stage, N stage, relapse, days
    "CHUM-001": ("T2", "N2b", "0", "1500"),
    "CHUM-002": ("T1", "N1", "0", "2000"),
    "CHUM-010": ("T2", "N1", "1", "400"),
    "MDA-001": ("T1", "N2", "1", "700"),
    "MDA-002": ("T2", "N1", "0", "900"),
}


def write_source(source: Path, layout: str = "2026", patients: tuple[str, ...] = PATIENTS) -> Path:
    """Write every patient and the table, and return `source`."""
    for name in patients:
        write_patient(source, name, layout)
    root = source / ROOTS[layout]
    with (root / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["PatientID", "Age", "Gender", "HPV Status", "T-stage", "N-stage", "Relapse", "RFS (days)"])
        for number, name in enumerate(patients):
            t, n, relapse, days = TABLE[name]
            writer.writerow([name, 50 + 3 * number, number % 2, "", t, n, relapse, days])
    return source


ROOTS = {
    "2022": "hecktor2022_training",
    "2025": "Task 1",
    "2025 in two folders": "Task 1",
    "2026": "hecktor2026_training",
}


def paths_of(source: Path, name: str, layout: str = "2026") -> tuple[Path, Path, Path]:
    """Return where a patient's CT, PET and label map lie."""
    root = source / ROOTS[layout]
    in_two = layout in {"2022", "2025 in two folders"}
    images, labels = (root / "imagesTr", root / "labelsTr") if in_two else (root / name, root / name)
    return images / f"{name}__CT.nii.gz", images / f"{name}__PT.nii.gz", labels / f"{name}.nii.gz"


def write_patient(source: Path, name: str, layout: str = "2026") -> None:
    """Write a patient whose tumours have grown by a voxel along x with each number."""
    ct_path, pet_path, label_path = paths_of(source, name, layout)
    for folder in {ct_path.parent, label_path.parent}:
        folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(PATIENTS.index(name))
    ct = np.full(GRID.shape_zyx, -1000, dtype=np.int16)
    ct[:, 4:32, 4:36] = rng.normal(40, 10, (30, 28, 32))
    sitk.WriteImage(image_of(ct, GRID), str(ct_path))
    pet = rng.uniform(0.4, 1.2, PET_GRID.shape_zyx).astype(np.float32)
    pet[10:14, 11:15, 12:16] = 9.0
    sitk.WriteImage(image_of(pet, PET_GRID), str(pet_path))
    labels = labels_of(name)
    if name == ON_FINE_GRID:
        sitk.WriteImage(image_of(labels.repeat(2, axis=1).repeat(2, axis=2), FINE_GRID), str(label_path))
    else:
        sitk.WriteImage(image_of(labels, GRID), str(label_path))


def labels_of(name: str) -> np.ndarray:
    """Return a patient's label map on GRID."""
    grown = PATIENTS.index(name)
    labels = np.zeros(GRID.shape_zyx, dtype=np.uint8)
    for value, (z, y, x) in ((1, GTVP), (2, GTVN)):
        labels[z, y, x.start : x.stop + grown] = value
    return labels
