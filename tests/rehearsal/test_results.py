import json

from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.page import write_report
from hnseg.rehearsal.results import CaseResult, ImageFacts, ModelFacts, Rehearsal
from hnseg.rehearsal.running.image import Image
from tests.support.small_rehearsal import copying_runner, no_progress


def test_the_json_file_holds_everything_under_its_documented_names(small_request, tmp_path):
    result = rehearse(small_request, copying_runner(), no_progress)
    page = write_report(small_request, result, tmp_path / "report")
    text = (page.parent / "rehearsal.json").read_text(encoding="utf-8")
    assert Rehearsal.model_validate_json(text) == result
    written = json.loads(text)
    assert list(written) == [
        "schema_version", "created", "hnseg_version", "challenge", "title", "passed", "verdict", "engine", "image",
        "model", "machine", "profile", "limits", "gaps", "findings", "cases", "score",
    ]  # fmt: skip
    assert list(written["cases"][0]) == [
        "name", "passed", "platform_says", "findings", "time_s", "time_limit_s", "startup_s", "exit_code", "timed_out",
        "memory_killed", "peak_program_gib", "peak_total_gib", "memory_source", "peak_vram_gib", "output_file",
        "maps", "has_reference", "structures", "answers", "provenance", "stdout_tail", "stderr_tail",
    ]  # fmt: skip
    # The case's reference is its prior mask, so copying that is perfect.
    assert written["score"]["score"] == 1
    assert written["cases"][0]["structures"]["GTVp"]["dsc"] == 1


def test_a_finding_has_its_documented_keys(small_request):
    runner = copying_runner(exit_code=1, stderr="It went wrong.\n")
    (case,) = rehearse(small_request, runner, no_progress).cases
    (finding,) = json.loads(case.model_dump_json())["findings"]
    assert finding == {
        "severity": "failure",
        "stage": "run",
        "platform_says": "It went wrong.",
        "explanation": "The process ended with status 1.",
    }


def test_every_field_of_the_json_file_that_is_a_measure_has_its_unit():
    measures = [name for name in CaseResult.model_fields if name.startswith(("time", "peak", "startup"))]
    assert all(name.endswith(("_s", "_gib")) for name in measures if name != "timed_out")


def test_the_margin_is_the_part_of_the_time_that_was_left():
    assert CaseResult.model_construct(time_s=30.0, time_limit_s=120.0).margin == 0.75
    assert CaseResult.model_construct(time_s=130.0, time_limit_s=120.0).margin == 0


def test_an_images_facts_have_its_size_in_gigabytes_of_ten_to_the_nine():
    image = Image("mine:1", "abc", "1000", "amd64", {}, size_bytes=2_500_000_000)
    assert ImageFacts.of(image) == ImageFacts(
        tag="mine:1", sha256="abc", user="1000", architecture="amd64", api_method="exec", size_gb=2.5
    )


def test_a_models_facts_count_the_files_at_any_depth(tmp_path):
    (tmp_path / "model" / "deeper").mkdir(parents=True)
    (tmp_path / "model" / "a").write_bytes(bytes(3000))
    (tmp_path / "model" / "deeper" / "b").write_bytes(bytes(2000))
    assert ModelFacts.of(tmp_path / "model") == ModelFacts(name="model", files=2, size_gb=5e-6)
