"""Files of patients with recurrences, read back from both layouts."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges.recurrence.files import LAYOUTS
from hnseg.phantom.challenges.recurrence.patient import Variant, draw_patient
from tests.phantom.challenges.recurrence.conftest import SCANNED, coarse

TRUTH = {"ctv1.nii.gz", "ctv2.nii.gz", "ctv3.nii.gz", "origins.csv"}


def read(path: Path) -> sitk.Image:
    return sitk.ReadImage(str(path))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "origins.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_container_layout(tmp_path):
    patient = coarse(0, 2)
    case = LAYOUTS["container"](patient, tmp_path)
    assert case.name == "case_000"
    images = {path.parent.relative_to(case).as_posix(): read(path) for path in case.rglob("*.mha")}
    assert set(images) == {
        "input/images/ct",
        "input/images/pet",
        "input/images/gtv-segmentation",
        "input/images/brain-segmentation",
        "expected/images/recurrence-segmentation",
    }
    assert {path.name for path in (case / "expected").iterdir()} == {"images", *TRUTH}
    ct = Grid.of(images["input/images/ct"])
    on_the_ct = ("input/images/gtv-segmentation", "input/images/brain-segmentation")
    for name in (*on_the_ct, "expected/images/recurrence-segmentation"):
        assert Grid.of(images[name]).matches(ct)
        assert images[name].GetPixelID() == sitk.sitkUInt8
        assert set(np.unique(array_of(images[name]))) == {0, 1}
    assert not Grid.of(images["input/images/pet"]).matches(ct)


def test_a_case_without_a_brain_mask_has_no_folder_for_it(tmp_path):
    patient = draw_patient(5, 0, variant=Variant(SCANNED, recurrences=1, has_brain=False))
    case = LAYOUTS["container"](patient, tmp_path)
    assert not (case / "input" / "images" / "brain-segmentation").exists()
    folder = LAYOUTS["challenge"](patient, tmp_path / "training")
    assert not (folder / "brain.nii.gz").exists()


def test_training_layout_has_recurrences_in_one_file_or_in_several(tmp_path):
    even, odd = (LAYOUTS["challenge"](coarse(index, 2), tmp_path) for index in (0, 1))
    assert (even.name, odd.name) == ("patient_000", "patient_001")
    always = {"ct.nii.gz", "pet.nii.gz", "gtv.nii.gz", "brain.nii.gz", *TRUTH}
    assert {path.name for path in even.iterdir()} == always | {"recurrence.nii.gz"}
    assert {path.name for path in odd.iterdir()} == always | {"recurrence_1.nii.gz", "recurrence_2.nii.gz"}
    np.testing.assert_array_equal(array_of(read(even / "recurrence.nii.gz")) > 0, coarse(0, 2).recurrences > 0)
    for number in (1, 2):
        image = read(odd / f"recurrence_{number}.nii.gz")
        np.testing.assert_array_equal(array_of(image) > 0, coarse(1, 2).recurrences == number)


def test_origins_are_told_in_mm_with_their_region(tmp_path):
    patient = coarse(1, 2)
    for layout, name in (("container", "case_001"), ("challenge", "patient_001")):
        folder = LAYOUTS[layout](patient, tmp_path)
        rows = rows_of(folder if layout == "challenge" else folder / "expected")
        assert [row["region"] for row in rows] == [origin.region for origin in patient.origins]
        assert {row["patient"] for row in rows} == {name}
        points = np.array([[float(row[axis]) for axis in ("x_mm", "y_mm", "z_mm")] for row in rows])
        np.testing.assert_allclose(points, [origin.point_mm for origin in patient.origins], atol=1e-3)
        # Each origin lies in the recurrence of its own number.
        index = np.rint(Grid.of(patient.ct).index_xyz(points)).astype(int)
        assert [patient.recurrences[z, y, x] for x, y, z in index] == list(patient.numbers)
