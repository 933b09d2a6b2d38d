"""The shipped containers through the command line: built, rehearsed, reported."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from containers.hnts_mrg.spec import SPEC as HNTS_MRG_SPEC
from hnseg.rehearsal.preparing.input_list import Dialect, write_input_list
from hnseg.rehearsal.running.engine import find_engine
from tests.support.engine import copy_readable, why_there_is_no_engine
from tests.support.small_case import OUTPUT_FILE, files_below
from tests.support.small_challenges import CHALLENGES, HAN_SEG, HNTS_MRG, ROOT
from tests.support.small_han_seg import pose
from tests.support.small_rehearsal import write_case

pytestmark = [pytest.mark.slow]

CONTAINER_DIR = HNTS_MRG.container_dir


@pytest.fixture
def case_dir(tmp_path):
    """A case of HNTS-MRG whose reference is its prior mask."""
    return write_case(HNTS_MRG, tmp_path)


@pytest.fixture
def model_of(quick_model, tmp_path):
    """Give a challenge's model so that any user can read it."""

    def copy(challenge):
        copy_readable(quick_model(challenge), tmp_path / "readable")
        return tmp_path / "readable"

    return copy


@pytest.fixture
def model(model_of):
    return model_of(HNTS_MRG)


def written_to(report):
    """The report as values."""
    return json.loads((report / "rehearsal.json").read_text(encoding="utf-8"))


BOTH = pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)


@pytest.mark.engine
@pytest.mark.skipif(bool(why_there_is_no_engine()), reason=why_there_is_no_engine() or "there is one")
@pytest.mark.parametrize("api_method", ["exec", "invoke"])
@BOTH
def test_the_container_is_built_rehearsed_and_reported(hnseg, model_of, tmp_path, challenge, api_method):
    report, case_dir = tmp_path / "report", write_case(challenge, tmp_path)
    options = ["--case", case_dir, "--model", model_of(challenge), "--report", report, "--api-method", api_method]
    status, printed = hnseg("rehearse", challenge.container_dir, "--engine", find_engine().command, *options)
    assert status == 0, printed.out
    assert "Passed: the one case." in printed.out
    written = written_to(report)
    (case,) = written["cases"]
    assert written["image"]["api_method"] == api_method
    assert written["image"]["user"] == "10001:10001"
    assert written["passed"]
    assert case["stderr_tail"] == []
    assert case["provenance"]["challenge"] == challenge.name
    assert case["structures"]
    assert case["peak_program_gib"] > 0.1
    assert (case["startup_s"] is None) == (api_method == "exec")
    assert (report / "cases/case_000/output" / case["output_file"]).is_file()


@BOTH
def test_the_same_without_an_engine(hnseg, model_of, tmp_path, challenge):
    report, case_dir = tmp_path / "report", write_case(challenge, tmp_path)
    options = ["--case", case_dir, "--model", model_of(challenge), "--report", report]
    status, printed = hnseg("rehearse", challenge.container_dir, "--engine", "process", *options)
    assert status == 0, printed.out
    written = written_to(report)
    assert written["engine"] == "process"
    assert written["image"] is None
    assert written["gaps"]
    assert "data:image/png;base64," in (report / "rehearsal.html").read_text(encoding="utf-8")


def test_a_registration_is_in_the_report_with_its_transform_and_its_picture(hnseg, model_of, tmp_path):
    report, case_dir = tmp_path / "report", write_case(HAN_SEG, tmp_path)
    options = ["--case", case_dir, "--model", model_of(HAN_SEG), "--report", report, "--limit-s", "800"]
    assert hnseg("rehearse", HAN_SEG.container_dir, "--engine", "process", *options)[0] == 0
    provenance = written_to(report)["cases"][0]["provenance"]
    assert provenance["limit_s"] == 800
    record = provenance["registration"]
    assert (record["fixed"], record["moving"], record["status"]) == ("ct-image", "t1-mri", "registered")
    found, true = (np.array(values).ravel() for values in (record["matrix"], pose().GetMatrix()))
    np.testing.assert_allclose(found, true, atol=0.05)
    page = (report / "rehearsal.html").read_text(encoding="utf-8")
    assert "T1 MR laid on the CT in " in page
    assert page.count("data:image/png;base64,") == 2


ANSWERING = ROOT / "tests" / "support" / "answering"


@pytest.mark.parametrize(("edition", "limit_s", "answers"), [(None, 77, {"stage", "volume"}), ("quiet", 1200, set())])
def test_the_chosen_edition_is_rehearsed(hnseg, case_dir, model, tmp_path, edition, limit_s, answers):
    report = tmp_path / "report"
    options = ["--engine", "process", "--case", case_dir, "--model", model, "--report", report]
    status, printed = hnseg("rehearse", ANSWERING, *options, *(["--edition", edition] if edition else []))
    assert status == 0, printed.out
    (case,) = written_to(report)["cases"]
    assert case["time_limit_s"] == case["provenance"]["limit_s"] == limit_s
    assert set(case["answers"]) == answers


@pytest.mark.parametrize("by_option", [True, False])
def test_a_case_is_run_by_the_chosen_edition(hnseg, case_dir, model, tmp_path, monkeypatch, by_option):
    if not by_option:
        monkeypatch.setenv("HNSEG_EDITION", "quiet")
    folders = ["--input", case_dir / "input", "--output", tmp_path / "output", "--model", model]
    status, _ = hnseg("run", ANSWERING, *folders, *(["--edition", "quiet"] if by_option else []))
    assert status == 0
    assert files_below(tmp_path / "output") == [OUTPUT_FILE]


def test_all_dialects_of_the_input_list_are_rehearsed_one_after_the_other(hnseg, case_dir, model):
    options = ["--engine", "process", "--case", case_dir, "--model", model, "--inputs-json", "all"]
    status, printed = hnseg("rehearse", ANSWERING, *options)
    assert status == 0, printed.out
    told = [line.split()[-1] for line in printed.out.splitlines() if line.startswith("Once more with inputs.json")]
    assert told == ["interface", "socket", "none"]
    assert "warning" not in printed.out


def test_a_phase_is_rehearsed_by_its_own_file(hnseg, case_dir, model, tmp_path):
    phase = {
        "name": "final-phase",
        "base": "exec",
        "source": "its page",
        "read_on": "2026-11-01",
        "time_limit_s": 99,
        "rules": [{"name": "GPU", "value": "A10G"}],
    }
    (tmp_path / "phase.json").write_text(json.dumps(phase))
    options = ["--engine", "process", "--case", case_dir, "--model", model, "--report", tmp_path / "report"]
    status, printed = hnseg("rehearse", ANSWERING, *options, "--profile", tmp_path / "phase.json")
    assert status == 0, printed.out
    (line,) = [line for line in printed.out.splitlines() if line.startswith("Rules of the profile final-phase: ")]
    assert line.endswith("; not imitated: GPU")
    written = written_to(tmp_path / "report")
    assert (written["profile"], written["cases"][0]["time_limit_s"]) == ("final-phase", 99)
    rules = {rule["name"]: rule for rule in written["limits"]}
    assert rules["GPU"] == {
        "name": "GPU",
        "value": "A10G",
        "source": "its page",
        "read_on": "2026-11-01",
        "rehearsed": "not imitated",
        "here": "",
    }
    assert (rules["time for a case"]["value"], rules["time for a case"]["source"]) == ("99 s", "its page")


def test_a_profile_of_the_other_api_method_is_refused(hnseg, case_dir, model):
    options = ["--engine", "process", "--case", case_dir, "--model", model]
    assert hnseg("rehearse", ANSWERING, *options, "--profile", "invoke")[0] == 2


@pytest.mark.engine
@pytest.mark.skipif(bool(why_there_is_no_engine()), reason=why_there_is_no_engine() or "there is one")
def test_an_image_of_another_api_method_than_the_profiles_is_refused(hnseg, case_dir, model):
    options = ["--image", "python:3.11-slim-bookworm", "--case", case_dir, "--model", model]
    status, printed = hnseg("rehearse", ANSWERING, *options, "--profile", "invoke")
    assert status == 1
    assert "The profile invoke is for containers of the API method invoke, but this one's is exec." in printed.err


@pytest.mark.parametrize("verb", ["run", "rehearse"])
def test_an_edition_that_does_not_exist_is_refused(hnseg, case_dir, model, tmp_path, verb):
    folders = {
        "run": ["--input", case_dir / "input", "--output", tmp_path / "output", "--model", model],
        "rehearse": ["--case", case_dir, "--model", model],
    }
    status, printed = hnseg(verb, ANSWERING, *folders[verb], "--edition", "loud")
    assert status == 1
    assert "must be one of quiet, asking, but 'loud' was asked for" in printed.err


def test_a_failing_case_is_status_1_with_the_containers_own_sentence(hnseg, case_dir, model):
    for image in (case_dir / "input/images/mid-rt-t2w-head-neck").iterdir():
        image.unlink()
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--engine", "process", "--case", case_dir, "--model", model)
    assert status == 1
    assert "The one case failed, case_000: " in printed.out
    assert "mid-RT T2w" in printed.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--engine", "process", "--image", "some:tag"], "has no image"),
        (["--engine", "process", "--api-method", "invoke"], "has no image"),
        (["--build-arg", "NAME"], "must be NAME=VALUE"),
        (["--ram-gib", "1"], "1.01"),
    ],
)
def test_a_wrong_option_is_status_2(hnseg, case_dir, model, arguments, sentence):
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--case", case_dir, "--model", model, *arguments)
    assert status == 2
    assert sentence in " ".join(printed.err.replace("│", "").split())


def test_panimg_that_is_not_installed_is_refused_before_any_work(hnseg, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "panimg", None)  # as Python notes a package that it must not find
    status, printed = hnseg("rehearse", tmp_path / "no challenge", "--importer", "panimg")
    assert status == 1
    assert "The importer panimg must be installed beside hnseg" in printed.err
    assert "pip install 'hnseg[importer]'" in printed.err


def test_a_folder_that_is_no_case_is_refused(hnseg, tmp_path, model):
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--case", tmp_path, "--model", model)
    assert status == 1
    assert "A case must be a folder with input/images/" in printed.err


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_report_never_replaces_the_case(hnseg, tmp_path, is_linked):
    case = write_case(HNTS_MRG, tmp_path / "data" / "cases")
    before = files_below(case)
    report = tmp_path / "data"
    if is_linked:
        report = tmp_path / "report"
        report.mkdir()
        (report / "cases").symlink_to(case.parent)
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--case", case, "--model", tmp_path, "--report", report)
    assert status == 1
    assert "The results must not replace an input, but they would be written to" in printed.err
    assert files_below(case) == before


def test_a_report_never_replaces_files_of_another_origin(hnseg, case_dir, tmp_path):
    notes = tmp_path / "report" / "cases" / "case_000" / "notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("mine")
    (tmp_path / "model").mkdir()
    options = ["--case", case_dir, "--model", tmp_path / "model", "--report", tmp_path / "report"]
    status, printed = hnseg("rehearse", CONTAINER_DIR, *options)
    assert status == 1
    assert "case_000 also holds notes.txt. Name another folder; nothing was written." in printed.err
    assert notes.read_text() == "mine"


def test_a_report_without_a_place_is_refused_before_any_case_runs(hnseg, case_dir, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "report").write_text("mine")
    options = ["--case", case_dir, "--model", tmp_path / "model", "--report", tmp_path / "report"]
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--engine", "process", *options)
    assert status == 1
    assert "The report must be written to" in printed.err
    assert "running" not in printed.out
    assert (tmp_path / "report").read_text() == "mine"


def test_without_an_engine_it_goes_on_as_a_process_and_says_so(hnseg, case_dir, model, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    for image in (case_dir / "input/images/mid-rt-t2w-head-neck").iterdir():
        image.unlink()
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--case", case_dir, "--model", model)
    assert status == 1
    assert "docker is not installed here and podman is not installed here" in printed.err
    assert "Going on without one" in printed.err
    assert "Not imitated: No image was built" in printed.out


def test_a_named_engine_that_is_missing_is_refused_with_advice(hnseg, case_dir, model, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    status, printed = hnseg("rehearse", CONTAINER_DIR, "--engine", "podman", "--case", case_dir, "--model", model)
    assert status == 1
    assert "podman is not installed here. Install one" in printed.err
    assert "--engine process" in printed.err


def test_another_challenges_spec_is_written_and_says_what_to_edit(hnseg, case_dir, tmp_path):
    write_input_list(HNTS_MRG_SPEC, case_dir / "input", Dialect.TODAY)
    example = ["--from-inputs", case_dir / "input/inputs.json", "--from-output", case_dir / "expected"]
    status, printed = hnseg("rehearse", "--new-spec", tmp_path / "mine", *example)
    assert status == 0, printed.err
    assert "* Limits: those of the platform's defaults stand here" in printed.out
    assert printed.out.endswith(f"Then: hnseg rehearse {tmp_path}/mine --image TAG --case {case_dir}\n")
    status, printed = hnseg("rehearse", "--new-spec", tmp_path / "mine", *example)
    assert (status, "must not replace another" in printed.err) == (1, True)
    assert hnseg("rehearse", tmp_path / "mine", "--new-spec", tmp_path / "mine", *example)[0] == 2
    assert hnseg("rehearse")[0] == 2


def test_a_spec_alone_needs_an_image_that_exists(hnseg, case_dir, tmp_path):
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone/spec.py").write_bytes((CONTAINER_DIR / "spec.py").read_bytes())
    status, printed = hnseg("rehearse", tmp_path / "alone", "--engine", "process", "--case", case_dir)
    assert status == 1
    assert "With spec.py alone, an image that exists is rehearsed: name it with --image." in printed.err
