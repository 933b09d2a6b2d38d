"""Patients of HN-UISeg: HECKTOR's, in the container's layout with clicks, and the cases that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import array_of
from hnseg.phantom.challenges import hecktor
from hnseg.phantom.challenges.hn_uiseg import LAYOUTS, VARIANTS, Variant, draw_patient
from tests.phantom.challenges.hecktor.conftest import COARSE

SHIPPED = Path(__file__).parents[4] / "test_data" / "hn_uiseg"
SHIPPED_SEED = 4
COARSE_VARIANT = hecktor.Variant(whole_body=False, scanners=COARSE)


def files_of(case: Path) -> set[str]:
    return {path.relative_to(case).as_posix() for path in case.rglob("*.*") if path.suffix == ".json"} | {
        path.parent.relative_to(case).as_posix() for path in case.rglob("*.mha")
    }


def test_container_layout(tmp_path):
    patient = draw_patient(5, 0, variant=Variant(COARSE_VARIANT, clicks="named"))
    case = LAYOUTS["container"](patient, tmp_path)
    assert case.name == "case_000"
    assert files_of(case) == {
        "input/images/ct",
        "input/images/pet",
        "input/lesion-clicks.json",
        "expected/images/head-neck-tumor-segmentation",
    }
    clicks = json.loads((case / "input" / "lesion-clicks.json").read_text())
    assert set(clicks) == {"points", "type", "version"}


def test_a_patient_without_clicks_has_no_file_of_them(tmp_path):
    patient = draw_patient(5, 0, variant=Variant(COARSE_VARIANT))
    assert not list(LAYOUTS["container"](patient, tmp_path).rglob("*.json"))


def test_the_body_is_that_of_hecktors_patient():
    patient = draw_patient(5, 0, variant=Variant(COARSE_VARIANT))
    again = hecktor.draw_patient(5, 0, variant=COARSE_VARIANT)
    np.testing.assert_array_equal(array_of(patient.scanned.ct), array_of(again.ct))


def test_training_data_comes_in_hecktors_layout(tmp_path):
    folder = LAYOUTS["challenge"](draw_patient(5, 0, variant=Variant(COARSE_VARIANT)), tmp_path)
    assert folder.parent.name == "hecktor2026_training"
    assert sorted(path.name.removeprefix(folder.name) for path in folder.iterdir()) == [
        ".nii.gz",
        "__CT.nii.gz",
        "__PT.nii.gz",
    ]


@pytest.mark.parametrize(("index", "name"), list(enumerate(VARIANTS)))
def test_shipped_cases_are_those_of_the_variants(index, name):
    case, variant = SHIPPED / f"case_{index:03d}", VARIANTS[name]
    files = files_of(case)
    assert ("input/images/pet" in files) == variant.scanned.has_pet
    assert ("input/lesion-clicks.json" in files) == (variant.clicks is not None)
    (mask,) = (case / "expected").rglob("*.mha")
    labels = set(np.unique(array_of(sitk.ReadImage(str(mask)))).tolist())
    assert labels == ({0, 1, 2} if variant.scanned.primary else {0, 2})
    assert sum(path.stat().st_size for path in (case / "input").rglob("*.mha")) < 900_000


def test_a_shipped_case_is_made_again_voxel_for_voxel(tmp_path):
    folder = SHIPPED / "case_003"
    made = LAYOUTS["container"](draw_patient(SHIPPED_SEED, 3, variant=VARIANTS["ct_only"]), tmp_path)
    files = sorted(path.relative_to(made) for path in made.rglob("*.*"))
    assert files == sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    for file in files:
        if file.suffix == ".json":
            assert (made / file).read_text() == (folder / file).read_text()
            continue
        new, old = (array_of(sitk.ReadImage(str(root / file))).astype(float) for root in (made, folder))
        # Another processor may round a voxel differently.
        assert (abs(new - old) > 1).mean() < 1e-3
