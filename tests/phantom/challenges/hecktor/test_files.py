"""Files of a HECKTOR patient in every layout."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.phantom.challenges.hecktor.ehr import MISSING_FRACTIONS
from hnseg.phantom.challenges.hecktor.patient import LAYOUTS, Variant, draw_patient
from tests.phantom.challenges.hecktor.conftest import COARSE, coarse

MASK = Path("expected") / "images" / "head-neck-tumor-segmentation" / "output.mha"


def test_container_layout(tmp_path):
    patient = coarse(0)
    case = LAYOUTS["container"](patient, tmp_path)
    assert case.name == "case_000"
    folders = {path.parent.relative_to(case).as_posix(): path for path in case.rglob("*.mha")}
    assert set(folders) == {
        "input/images/ct",
        "input/images/pet",
        "expected/images/head-neck-tumor-segmentation",
        "expected/images/tumor-lymph-node-segmentation",
    }
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(folders["input/images/pet"]))), array_of(patient.pet))
    np.testing.assert_array_equal(array_of(sitk.ReadImage(str(case / MASK))), array_of(patient.mask))
    assert json.loads((case / "input" / "ehr.json").read_text()) == patient.ehr
    answers = {path.stem: json.loads(path.read_text()) for path in (case / "expected").glob("*.json")}
    assert answers == {
        "t-stage": patient.t_stage,
        "n-stage": patient.n_stage,
        "rfs": patient.rfs_days,
        "relapse": patient.relapse,
    }


def test_case_without_pet_has_no_folder_for_it(tmp_path):
    patient = draw_patient(5, 2, variant=Variant(has_pet=False, whole_body=False, scanners=COARSE))
    case = LAYOUTS["container"](patient, tmp_path)
    assert [path.name for path in (case / "input" / "images").iterdir()] == ["ct"]


def test_a_broken_record_is_no_valid_json(tmp_path):
    patient = draw_patient(5, 3, variant=Variant(broken_record=True, whole_body=False, scanners=COARSE))
    case = LAYOUTS["container"](patient, tmp_path)
    text = (case / "input" / "ehr.json").read_text()
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert "NaN,\n}" in text
    assert "Performance Status" not in text


@pytest.mark.parametrize(
    ("layout", "table", "folder"),
    [
        ("challenge", "hecktor2026_training/HECKTOR_2026_Training.csv", "hecktor2026_training/{}"),
        ("challenge-2025", "Task 1/HECKTOR_2025_Training_Task_1.csv", "Task 1/{}"),
    ],
)
def test_challenge_layouts_of_a_folder_a_patient(tmp_path, layout, table, folder):
    # A patient that is written again keeps its one row.
    for index in (1, 0, 1):
        LAYOUTS[layout](coarse(index), tmp_path)
    with (tmp_path / table).open(encoding="utf-8", newline="") as file:
        rows = {row["PatientID"]: row for row in csv.DictReader(file)}
    assert len(rows) == 2
    for index in (0, 1):
        patient, name = coarse(index), f"{coarse(index).centre}-{index + 1:03d}"
        case = tmp_path / folder.format(name)
        assert {path.name for path in case.iterdir()} == {f"{name}__CT.nii.gz", f"{name}__PT.nii.gz", f"{name}.nii.gz"}
        mask = sitk.ReadImage(str(case / f"{name}.nii.gz"))
        np.testing.assert_array_equal(array_of(mask), array_of(patient.mask))
        row = rows[name]
        assert {field: row[field] for field in MISSING_FRACTIONS} == {
            field: str(patient.ehr.get(field, "")) for field in MISSING_FRACTIONS
        }
        assert (row["T-stage"], row["N-stage"]) == (patient.t_stage, patient.n_stage)
        assert (row["Relapse"], row["RFS"]) == (str(int(patient.relapse)), f"{patient.rfs_days:.0f}")


def test_challenge_layout_of_2022(tmp_path):
    patient = coarse(0)
    LAYOUTS["challenge-2022"](patient, tmp_path)
    name, root = f"{patient.centre}-001", tmp_path / "hecktor2022_training"
    assert {path.relative_to(root).as_posix() for path in root.rglob("*.*")} == {
        f"imagesTr/{name}__CT.nii.gz",
        f"imagesTr/{name}__PT.nii.gz",
        f"labelsTr/{name}.nii.gz",
        "hecktor2022_clinical_info_training.csv",
        "hecktor2022_endpoint_training.csv",
    }
    with (root / "hecktor2022_endpoint_training.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {"PatientID": name, "Relapse": str(int(patient.relapse)), "RFS": f"{patient.rfs_days:.0f}"}
    with (root / "hecktor2022_clinical_info_training.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert {"PatientID", "HPV Status", "T-stage"} <= set(row)
    assert "RFS" not in row


def test_a_patient_is_named_by_hospital_and_number():
    patient = coarse(0)
    assert patient.name == f"{patient.centre}-001"
