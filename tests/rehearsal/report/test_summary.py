import pytest

from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.summary import summary_of
from hnseg.rehearsal.running.image import Image
from hnseg.version import __version__
from tests.support.small_rehearsal import PROVENANCE, copying_runner, no_progress


@pytest.fixture
def summary(small_request):
    """Rehearse with a runner and return the summary's lines."""

    def make(runner):
        return summary_of(rehearse(small_request, runner, no_progress)).splitlines()

    return make


def test_the_summary_has_verdict_score_time_memory_and_version(summary):
    lines = summary(copying_runner())
    assert lines[0] == "**HNTS-MRG 2024 task 2 (mid-RT)**"
    assert "- Verdict: passed, 1 of 1 cases passed" in lines
    assert "- Score: mean DSCagg 1.0000 over 1 cases; lowest mean DSC of a case 1.000" in lines
    assert next(line for line in lines if line.startswith("- Time: 1.5 s at most of "))
    assert "- Memory: 0.50 GiB at most, 0.60 GiB at most with the file cache" in lines
    assert next(line for line in lines if line.startswith(f"- Versions: hnseg {__version__}, profile exec, "))
    assert next(line for line in lines if line.startswith("| structure | DSCagg |"))
    assert not [line for line in lines if line.startswith("- Failed in")]


def test_image_and_model_are_told_by_their_checksums(summary):
    image = Image("tag:1", "sha256:" + "ab" * 32, "user", "amd64", {}, 3_200_000_000)
    provenance = PROVENANCE | {"model_sha256": {"plans.json": "cd" * 32}}
    lines = summary(copying_runner(image=image, provenance=provenance))
    assert f"- Image: tag:1, sha256 {'ab' * 32}, 3.20 GB, process" in lines
    (model,) = [line for line in lines if line.startswith("- Model: ")]
    assert len(model.rpartition("sha256 ")[2]) == 64


def test_a_failure_is_counted_by_its_phase_and_no_case_is_named(summary):
    lines = summary(copying_runner(exit_code=1, stderr="Patient Smith is broken.\n"))
    assert "- Verdict: FAILED, 0 of 1 cases passed" in lines
    assert "- Failed in: run (1)" in lines
    text = "\n".join(lines)
    assert "Smith" not in text
    assert "case_000" not in text
