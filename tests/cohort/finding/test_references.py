"""References of cases: beside each, or in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.references import REFERENCE, with_references
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from tests.support.small_challenges import CHALLENGES, HN_UISEG

ROOT = Path(__file__).parents[3]

SLUG = "head-neck-tumor-segmentation"


@pytest.fixture
def cases(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / "cases" / name / "input" / "images" / "ct"
        folder.mkdir(parents=True)
        (folder / "ct.mha").touch()
    return tmp_path / "cases"


def found_in(cases, references=None):
    spec = load_challenge(HN_UISEG.container_dir).spec
    return with_references(find_cohort(cases, spec), spec.output, references).cases


@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_every_shipped_case_has_its_reference_beside_it(challenge):
    spec = load_challenge(challenge.container_dir).spec
    found = with_references(find_cohort(ROOT / "test_data" / spec.name, spec), spec.output).cases
    assert len(found) >= 4
    assert not [case.problem for case in found if case.problem]


def image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.Image([2, 2, 2], sitk.sitkUInt8), str(path))
    return path


def test_a_reference_lies_beside_the_input_and_a_case_without_one_has_a_problem(cases):
    path = image(cases / "a" / "expected" / "images" / SLUG / "output.mha")
    a, b = found_in(cases)
    assert a.inputs.images[REFERENCE] == path
    assert (a.problem, REFERENCE in b.inputs.images) == ("", False)
    assert "must have a reference, but b has none" in b.problem


def test_references_of_a_folder_are_found_by_the_cases_names(cases, tmp_path):
    path = image(tmp_path / "labels" / "b.nii.gz")
    a, b = found_in(cases, tmp_path / "labels")
    assert b.inputs.images[REFERENCE] == path
    assert a.problem


def test_two_references_of_one_case_are_refused(cases, tmp_path):
    for name in ("b.nii.gz", "b.mha"):
        image(tmp_path / "labels" / name)
    with pytest.raises(InputError, match=r"one reference, but .* has two of b"):
        found_in(cases, tmp_path / "labels")
