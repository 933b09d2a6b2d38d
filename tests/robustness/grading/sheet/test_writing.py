"""Blinded sheets: what graders get, and what is kept from them."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError, OutputError
from hnseg.robustness.grading.grades_csv import read_grades
from hnseg.robustness.grading.key_csv import read_key
from hnseg.robustness.grading.sheet.writing import codes_of, write_sheet

NAMES = ("patient_one", "patient_two", "patient_three")


@pytest.fixture
def cases(tmp_path):
    rng = np.random.default_rng(0)
    for name in NAMES:
        folder = tmp_path / "cases" / name
        folder.mkdir(parents=True)
        labels = np.zeros((12, 40, 40), np.uint8)
        labels[4:8, 10:20, 10:20] = 1
        sitk.WriteImage(sitk.GetImageFromArray(rng.normal(0, 1, labels.shape)), folder / "ct.mha")
        sitk.WriteImage(sitk.GetImageFromArray(labels), folder / "segmentation.mha")
    return tmp_path / "cases"


def test_a_sheet_goes_out_and_comes_back(cases, tmp_path):
    output = tmp_path / "grading"
    assert write_sheet(cases, output, ["GTVp", "GTVn"], seed=1) == 3
    sheet = output / "for-graders" / "sheet.csv"
    with sheet.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["structure"] for row in rows] == ["GTVp", "GTVn"] * 3
    assert {path.stem for path in sheet.parent.glob("*.png")} == {row["case"] for row in rows}
    sheet.write_text(sheet.read_text().replace(",,", ",A,4"))
    grades = read_grades([sheet], key=read_key(output / "key.csv"))
    assert {(one.case, one.grade) for one in grades} == {(name, 4) for name in NAMES}


def test_nothing_for_graders_names_a_case(cases, tmp_path):
    write_sheet(cases, tmp_path / "grading", ["GTVp"], seed=1)
    for path in (tmp_path / "grading" / "for-graders").iterdir():
        assert not any(name.encode() in path.read_bytes() or name in path.name for name in NAMES)


def test_the_same_seed_gives_the_same_sheet(cases, tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_sheet(cases, tmp_path / name, ["GTVp"], seed=seed)
    keys = [(tmp_path / name / "key.csv").read_text() for name in ("one", "again", "other")]
    assert keys[0] == keys[1] != keys[2]


def test_codes_are_different_and_in_no_order():
    codes = codes_of([(str(at), None) for at in range(500)], np.random.default_rng(0))
    assert len(set(codes)) == 500
    assert codes != sorted(codes)


def test_a_sheet_that_is_filled_in_is_not_replaced(cases, tmp_path):
    write_sheet(cases, tmp_path / "grading", ["GTVp"], seed=1)
    sheet = tmp_path / "grading" / "for-graders" / "sheet.csv"
    sheet.write_text(sheet.read_text().replace(",,", ",A,4"))
    with pytest.raises(OutputError, match=r"must be written to a new folder, but .*grading holds for-graders\."):
        write_sheet(cases, tmp_path / "grading", ["GTVp"], seed=1)
    assert ",A,4" in sheet.read_text()


def test_images_on_another_grid_are_refused_and_nothing_is_left(cases, tmp_path):
    scan = sitk.ReadImage(cases / NAMES[0] / "ct.mha")
    scan.SetSpacing((2, 1, 1))
    sitk.WriteImage(scan, cases / NAMES[0] / "ct.mha")
    with pytest.raises(InputError, match=r"ct.mha must lie on the grid of its segmentation .*segmentation.mha, but"):
        write_sheet(cases, tmp_path / "grading", ["GTVp"], seed=1)
    assert not list((tmp_path / "grading").iterdir())
