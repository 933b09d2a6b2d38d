"""Variants of a study's cases, and their names."""

from pathlib import Path

import pytest

from hnseg.cohort.case import CohortCase
from hnseg.platform.input_files import InputFiles
from hnseg.robustness.perturbations.kind import KINDS
from hnseg.robustness.scores.record import Variant
from hnseg.robustness.study.variants import CaseVariant, Choice, variant_cases

SLUGS = ("ct-image", "pet-image")


def case_of(name="p1", *, slugs=SLUGS, problem=""):
    return CohortCase(name=name, inputs=InputFiles(images=dict.fromkeys(slugs, Path("x.mha"))), problem=problem)


@pytest.mark.parametrize("case", ["p1", "p.1", "a.baseline", "a.ct-image.spike.2"])
def test_a_name_tells_the_variant_whatever_the_case_is_called(case):
    for variant in (CaseVariant(case), CaseVariant(case, "ct-image", "spike", 2)):
        assert CaseVariant.named(variant.name) == variant


def test_a_case_has_its_baseline_and_36_variants():
    variants = variant_cases([case_of()], Choice(SLUGS))
    names = [variant.name for variant in variants]
    assert len(set(names)) == 1 + 2 * len(KINDS) * 3 == 37
    assert names[:2] == ["p1.baseline", "p1.ct-image.motion.1"]
    assert all(variant.inputs == variants[0].inputs for variant in variants)


def test_an_image_that_is_not_there_is_not_perturbed():
    choice = Choice(SLUGS, kinds=("noise",), severities=(2,))
    names = [variant.name for variant in variant_cases([case_of(slugs=("ct-image",))], choice)]
    assert names == ["p1.baseline", "p1.ct-image.noise.2"]


def test_a_case_with_a_problem_fails_once():
    (only,) = variant_cases([case_of(problem="There is no reference.")], Choice(SLUGS))
    assert (only.name, only.problem) == ("p1.baseline", "There is no reference.")


def test_scores_name_the_variant_by_the_image():
    assert CaseVariant.of_scores("p1", "ct-image", Variant("CT", "blur", 3)).name == "p1.ct-image.blur.3"
