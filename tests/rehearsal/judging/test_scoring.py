from dataclasses import replace

import pytest

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
