"""Published scores of the study on HECKTOR 2022, as records of ours: 50 patients, the baseline and 36 variants."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant
from tests.support.real_data import real_data_dir

FOLDER = real_data_dir() / "robustness_hecktor2022"
KINDS = ("Spike", "Noise", "Bias", "Blur", "Ghost", "Motion")
STRUCTURES = {"Primary": "GTVp", "Nodal": "GTVn"}
DESCRIPTORS = (
    "Volume", "Surface Area", "Compactness", "Distance from Center", "Boundary Length", "CT Intensity Var",
    "PET Intensity Var", "CT F/B Contrast", "PET F/B Contrast", "SUVmax", "CT Number (HU)", "Regions", "Entropy",
)  # fmt: skip
"""Thirteen columns of results_add.csv: the first fourteen without PET Number."""


def published_records() -> list[ScoreRecord]:
    """Return all published scores; the voxels are of 1 mm3."""
    descriptors = _descriptors()
    records = _records(FOLDER / "Baseline/results_pymia.csv", BASELINE, descriptors)
    for kind in KINDS:
        for severity in (1, 2, 3):
            for modality in ("CT", "PET"):
                path = FOLDER / modality / f"{kind}{severity}" / f"results_{kind}{severity}_pymia.csv"
                records += _records(path, Variant(modality, kind.lower(), severity), {})
    return records


def rows_of(path: Path, delimiter: str = ";") -> list[dict[str, str]]:
    """Return the rows of one of its files."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _descriptors() -> dict[tuple[str, str], dict[str, float]]:
    """Return the descriptors by patient and structure: two rows a patient, the nodal one first."""
    rows = rows_of(FOLDER / "Baseline/results_add.csv", ",")
    found = {}
    for at, row in enumerate(rows):
        structure = ("GTVn", "GTVp")[at % 2]
        found[row["File Name"], structure] = {name: float(row[name] or math.nan) for name in DESCRIPTORS}
    return found


def _records(path: Path, variant: Variant, descriptors: dict[tuple[str, str], dict[str, float]]) -> list[ScoreRecord]:
    return [
        ScoreRecord(
            case=row["SUBJECT"],
            structure=STRUCTURES[row["LABEL"]],
            variant=variant,
            dice=float(row["DICE"]),
            reference_mm3=float(row["REFVOL"]),
            measures={"hd_mm": float(row["HDRFDST"]), "sensitivity": float(row["SNSVTY"])},
            descriptors=descriptors.get((row["SUBJECT"], STRUCTURES[row["LABEL"]]), {}),
        )
        for row in rows_of(path)
    ]
