import importlib.util
import json
from contextlib import nullcontext
from dataclasses import replace

import pytest

from hnseg.platform.challenge import load_challenge
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.preparing.input_list import OLDER, Dialect
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.profile_file import read_profile
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.running.image import Image
from hnseg.rehearsal.running.runners import process_runner
from tests.support.answering.spec import EDITIONS
from tests.support.small_case import OUTPUT_FILE
from tests.support.small_challenges import HNTS_MRG, ROOT
from tests.support.small_rehearsal import PROVENANCE, copying_runner, no_progress, program_runner, write_case

ANSWERING = ROOT / "tests" / "support" / "answering"
UNSURE = ROOT / "tests" / "support" / "unsure"
ANSWERS = {"stage.json": '"T2"', "more/volume.json": "812.5"}


@pytest.fixture
def asking_request(small_request, case_dir):
    """The small request for the edition that asks for a stage and a volume, with both expected."""
    (case_dir / "expected/stage.json").write_text('"T1"')
    (case_dir / "expected/more").mkdir()
    (case_dir / "expected/more/volume.json").write_text("1234567.125")
    return replace(small_request, spec=EDITIONS["asking"])


def test_a_case_is_run_judged_scored_and_kept(small_request):
    result = rehearse(small_request, copying_runner(), no_progress)
    (case,) = result.cases
    assert (result.passed, result.verdict) == (True, "Passed: the one case.")
    assert (case.name, case.findings, case.output_file) == ("case_000", (), OUTPUT_FILE)
    assert (case.time_s, case.peak_program_gib, case.peak_total_gib) == (1.5, 0.5, 0.6)
    assert case.provenance == PROVENANCE
    # The reference is the prior mask, so copying that is perfect.
    assert result.score.score == 1
    assert case.structures["GTVp"]["dsc"] == 1
    assert (small_request.keep_dir / "case_000/output" / OUTPUT_FILE).is_file()
    assert json.loads((small_request.keep_dir / "case_000/stdout.txt").read_text().splitlines()[-1]) == PROVENANCE


def test_panimg_judges_an_output_as_well_where_that_is_asked(small_request):
    request = replace(small_request, asks_panimg=True)
    (case,) = rehearse(request, copying_runner(), no_progress).cases
    is_installed = importlib.util.find_spec("panimg") is not None
    assert case.passed is is_installed
    assert is_installed or "No module named 'panimg'" in case.findings[0].explanation


def test_the_kept_output_of_a_former_rehearsal_is_removed(small_request):
    old = small_request.keep_dir / "case_000" / "output" / "old.mha"
    old.parent.mkdir(parents=True)
    old.touch()
    rehearse(small_request, copying_runner(), no_progress)
    assert not old.exists()


def test_progress_has_a_line_at_each_cases_begin_and_end(small_request, tmp_path):
    other = write_case(HNTS_MRG, tmp_path / "other").rename(tmp_path / "case_001")
    request = replace(small_request, cases=[*small_request.cases, *find_cases([other])])
    lines = []
    result = rehearse(request, copying_runner(exit_code=1, stderr="It went wrong.\n"), lines.append)
    assert lines == [
        "case_000: running",
        "case_000: It went wrong. (1.5 s)",
        "case_001: running",
        "case_001: It went wrong. (1.5 s)",
    ]
    assert result.verdict.startswith("2 of 2 cases failed, and one is enough to fail a submission. case_000: It went")


def test_no_case_runs_in_an_image_that_the_platform_refuses(small_request):
    root = Image("mine:1", "abc", "root", "amd64", {}, 10**9)
    result = rehearse(small_request, copying_runner(image=root), no_progress)
    assert (result.passed, result.cases, result.score) == (False, (), None)
    assert result.verdict.startswith("The platform would refuse this: The container runs as root.")
    assert [finding.stage for finding in result.findings] == ["image"]
    assert result.image.user == "root"
    assert not small_request.keep_dir.exists()


def test_answers_are_declared_outputs_kept_and_scored(asking_request):
    result = rehearse(asking_request, copying_runner(files=ANSWERS), no_progress)
    (case,) = result.cases
    assert case.passed, case.platform_says
    assert case.findings == ()  # neither file is stray
    assert {slug: (answer.given, answer.expected) for slug, answer in case.answers.items()} == {
        "stage": ("T2", "T1"),
        "volume": (812.5, 1234567.125),
    }
    assert result.score.score == 1
    assert (asking_request.keep_dir / "case_000/output/stage.json").read_text() == '"T2"'


def test_one_missing_answer_fails_the_case_in_the_platforms_words(asking_request):
    result = rehearse(asking_request, copying_runner(files={"more/volume.json": "812.5"}), no_progress)
    assert result.cases[0].platform_says == "Output file 'stage.json' was not produced"
    assert result.verdict == "The one case failed, case_000: Output file 'stage.json' was not produced"
    assert result.score is None


def test_a_file_of_no_socket_is_not_collected(asking_request):
    result = rehearse(asking_request, copying_runner(files={**ANSWERS, "rfs.json": "1"}), no_progress)
    (finding,) = result.cases[0].findings
    assert finding.explanation == "Not a declared output, and not collected: rfs.json."


def test_nothing_is_collected_from_a_program_that_failed(asking_request):
    runner = copying_runner(files=ANSWERS, exit_code=1, stderr="It went wrong.\n")
    (case,) = rehearse(asking_request, runner, no_progress).cases
    assert case.platform_says == "It went wrong."
    assert (case.output_file, case.answers, case.structures) == (None, {}, {})


@pytest.mark.parametrize("edition", ["", "quiet"])
def test_a_challenge_with_editions_is_rehearsed_by_the_chosen_one(small_request, model_dir, edition):
    challenge = load_challenge(ANSWERING, edition)
    profile = profile_of(challenge.spec.limits)
    request = Request(challenge.spec, small_request.cases, model_dir, profile, small_request.keep_dir)
    result = rehearse(request, process_runner(ANSWERING, profile, gpu=False, edition=edition), no_progress)
    (case,) = result.cases
    assert case.passed, case.platform_says
    assert case.time_limit_s == json.loads(case.stdout_tail[-1])["limit_s"] == challenge.spec.limits.time_s
    assert set(case.answers) == (set() if edition else {"stage", "volume"})


def test_an_output_that_can_not_be_kept_fails_its_case_and_leaves_a_result(small_request):
    small_request.keep_dir.write_text("a file where the folder should be")
    (case,) = rehearse(small_request, copying_runner(), no_progress).cases
    assert "The container's output must be copied to" in case.platform_says
    assert small_request.keep_dir.read_text() == "a file where the folder should be"


def test_a_case_whose_name_can_not_be_seen_is_named_in_its_printable_form(small_request, case_dir):
    odd = case_dir.rename(case_dir.with_name("[case]\x1b[2J\n"))
    request = replace(small_request, cases=find_cases([odd]))
    lines = []
    result = rehearse(request, copying_runner(), lines.append)
    assert result.passed
    assert lines[0] == "[case]\\x1b[2J\\n: running"
    assert result.cases[0].name == "[case]\\x1b[2J\\n"
    assert request.output_dir(result.cases[0].name).is_dir()
    json.loads(result.model_dump_json())


READS_ONE_KEY = """
import json, pathlib, shutil, sys
folders = dict(zip(sys.argv[1::2], map(pathlib.Path, sys.argv[2::2])))
sockets = [entry["%s"] for entry in json.load(open(folders["--input"] / "inputs.json"))]
paths = {socket["slug"]: socket["relative_path"] for socket in sockets}
prior = next((folders["--input"] / paths["registered-pre-rt-head-neck-segmentation"]).iterdir())
output = folders["--output"] / "images/mri-head-neck-segmentation"
output.mkdir(parents=True)
shutil.copy(prior, output / "output.mha")
"""


@pytest.mark.parametrize(
    ("key", "failing"),
    [("socket", ["interface", "none"]), ("interface", ["socket", "none"])],
    ids=["socket", "interface"],
)
def test_a_program_that_reads_one_key_of_the_list_passes_today_and_is_warned_of_the_other_dialects(
    small_request, tmp_path, key, failing
):
    request = replace(small_request, dialects=(Dialect.TODAY, *OLDER))
    runner = program_runner(READS_ONE_KEY % key, tmp_path, request.profile)
    (case,) = rehearse(request, runner, no_progress).cases
    assert case.passed, case.platform_says
    assert [finding.explanation.split()[5] for finding in case.findings] == failing
    assert {finding.severity for finding in case.findings} == {"warning"}
    assert (request.keep_dir / "case_000/output" / OUTPUT_FILE).is_file()


def test_the_cases_of_a_batch_share_their_time(small_request, tmp_path):
    other = write_case(HNTS_MRG, tmp_path / "other").rename(tmp_path / "case_001")
    cases = [*small_request.cases, *find_cases([other])]
    batch = profile_of(small_request.spec.limits, files=read_profile("batch"), time_limit_s=30).of_job(len(cases))
    request = replace(small_request, cases=cases, profile=batch)
    assert rehearse(request, copying_runner(seconds=29.0), no_progress).passed
    result = rehearse(request, copying_runner(seconds=31.0), no_progress)
    assert (result.profile, [case.passed for case in result.cases]) == ("batch", [False, False])
    assert result.cases[1].platform_says == "Time limit exceeded"


@pytest.mark.parametrize(
    ("facts", "runs"),
    [
        ({"exit_code": 1}, ["stricter", "platform"]),
        ({"exit_code": 0}, ["stricter"]),
        ({"exit_code": 143, "timed_out": True}, ["stricter"]),
        ({"exit_code": 137, "memory_killed": True}, ["stricter"]),
    ],
    ids=["failed", "passed", "out of time", "out of memory"],
)
def test_only_a_case_that_failed_for_neither_time_nor_memory_runs_again_as_on_the_platform(small_request, facts, runs):
    ran = []
    runner = replace(noting(copying_runner(**facts), "stricter", ran), there=noting(copying_runner(), "platform", ran))
    (case,) = rehearse(small_request, runner, no_progress).cases
    assert ran == runs
    assert case.passed == (runs[-1] == "platform" or facts["exit_code"] == 0)


def noting(runner, name, ran):
    """The same runner, which notes its name for each case."""
    with runner.open() as run:
        return replace(runner, open=lambda: nullcontext(lambda work: (ran.append(name), run(work))[1]))


@pytest.mark.parametrize(("method", "runs"), [("exec", 1), ("invoke", 2)])
def test_a_server_gets_all_cases_again_as_it_may_depend_on_those_before(small_request, tmp_path, method, runs):
    other = write_case(HNTS_MRG, tmp_path / "other").rename(tmp_path / "case_001")
    request = replace(small_request, cases=[*small_request.cases, *find_cases([other])])
    image = Image("mine:1", "abc", "1000", "amd64", {"org.grand-challenge.api-method": method}, 10**9)
    passing, failing, ran = copying_runner(image=image), copying_runner(image=image, exit_code=1), []
    with passing.open() as passes, failing.open() as fails:
        runs_in_turn = iter([passes, fails])

    def in_turn():
        return nullcontext(lambda work: next(runs_in_turn)(work))  # noqa: PLW0108 (each case the next one)

    runner = replace(passing, open=in_turn, there=noting(passing, "platform", ran))
    result = rehearse(request, runner, no_progress)
    assert len(ran) == runs
    assert [(case.passed, len(case.findings)) for case in result.cases] == [(True, 0), (True, 1)]


def test_a_map_is_collected_and_judged_beside_the_label_map(quick_model, case_dir, tmp_path):
    challenge = load_challenge(UNSURE)
    profile = profile_of(challenge.spec.limits)
    model_dir = quick_model(HNTS_MRG)
    request = Request(challenge.spec, find_cases([case_dir]), model_dir, profile, tmp_path / "kept")
    (case,) = rehearse(request, process_runner(UNSURE, profile, gpu=False), no_progress).cases
    assert (case.passed, case.platform_says) == (True, "")
    assert case.maps == {"entropy-map": "images/entropy-map/output.mha"}
    assert case.findings == ()
    assert case.provenance["uncertainty"]["members"] == 2


def test_a_container_that_leaves_its_map_out_fails(small_request):
    request = replace(small_request, spec=load_challenge(UNSURE).spec)
    (case,) = rehearse(request, copying_runner(), no_progress).cases
    assert case.platform_says == "Output directory 'images/entropy-map' is empty"
