from dataclasses import replace

import pytest
import SimpleITK as sitk

from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.judging.scoring import score_cases
from hnseg.rehearsal.rehearse import rehearse
from tests.support.small_case import OUTPUT_FILE
from tests.support.small_challenges import HNTS_MRG
from tests.support.small_rehearsal import copying_runner, no_progress, write_case


@pytest.fixture
def unscored(small_request):
    """The result of the small case, whose kept output is its reference, without its metrics."""
    (case,) = rehearse(small_request, copying_runner(), no_progress).cases
    return case.model_copy(update={"structures": {}})


def test_a_case_that_passed_is_scored_by_the_challenges_measures(small_request, unscored):
    (case,), score, notes = score_cases(small_request, [unscored])
    assert score.score == 1
    assert {name: metrics["dsc"] for name, metrics in case.structures.items()} == {"GTVp": 1, "GTVn": 1}
    assert notes == ()


@pytest.mark.parametrize("changed", [{"passed": False}, {"output_file": None}], ids=str)
def test_a_case_that_failed_or_has_no_output_is_not_scored(small_request, unscored, changed):
    case = unscored.model_copy(update=changed)
    assert score_cases(small_request, [case]) == ((case,), None, ())


def test_a_case_without_a_reference_is_left_out(small_request, unscored, tmp_path):
    bare = write_case(HNTS_MRG, tmp_path / "other").rename(tmp_path / "case_001")
    next((bare / "expected").rglob("*.mha")).unlink()
    request = replace(small_request, cases=[*small_request.cases, *find_cases([bare])])
    cases, score, _ = score_cases(request, [unscored, unscored.model_copy(update={"name": "case_001"})])
    assert [case.name for case in score.cases] == ["case_000"]
    assert [bool(case.structures) for case in cases] == [True, False]


def test_cases_that_the_measures_refuse_are_a_warning(small_request, unscored):
    (small_request.output_dir("case_000") / OUTPUT_FILE).write_bytes(b"not an image")
    cases, score, (finding,) = score_cases(small_request, [unscored])
    assert (cases, score) == ((unscored,), None)
    assert (finding.severity, finding.stage) == ("warning", "evaluation")
    assert finding.explanation.startswith("The cases could not be scored: ")


def test_a_challenge_without_known_measures_is_compared_by_dice_alone(small_request, unscored):
    request = replace(small_request, spec=small_request.spec.model_copy(update={"name": "another"}))
    (case,), score, notes = score_cases(request, [unscored])
    assert (score.score, score.score_name) == (1, "mean DSCagg, not the challenge's own score")
    assert {name: metrics["dsc"] for name, metrics in case.structures.items()} == {"GTVp": 1, "GTVn": 1}
    assert score.notes == (
        "No measures of HNTS-MRG 2024 task 2 (mid-RT) are known here: its label maps were compared by DSC alone.",
    )
    assert notes == ()


def test_a_reference_of_another_size_is_a_warning(small_request, unscored):
    output = small_request.output_dir("case_000") / OUTPUT_FILE
    sitk.WriteImage(sitk.ReadImage(str(output))[1:, :, :], str(output))
    request = replace(small_request, spec=small_request.spec.model_copy(update={"name": "another"}))
    _, score, (finding,) = score_cases(request, [unscored])
    assert score is None
    assert "The reference of case_000 must have as many voxels as the label map" in finding.explanation


def test_an_output_without_labels_has_nothing_to_compare(small_request, unscored):
    output = small_request.spec.output.model_copy(update={"labels": {}})
    request = replace(small_request, spec=small_request.spec.model_copy(update={"output": output}))
    assert score_cases(request, [unscored]) == ((unscored,), None, ())
