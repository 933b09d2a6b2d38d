"""JSON answers as the platform imports them."""

import json
import sys

import pytest

from hnseg.platform.challenge import load_challenge
from hnseg.platform.spec import AnswerSocket
from hnseg.rehearsal.judging.answers import import_answers
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.page import write_report
from hnseg.rehearsal.report.table import cases_table
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.running.process import ProcessSetup, run_process
from hnseg.rehearsal.running.runners import Runner, process_runner
from tests.support.answering.spec import EDITIONS
from tests.support.small_challenges import ROOT

STAGE = AnswerSocket(slug="stage", relative_path="t.json", title="T stage", choices=("T1", "T2"), if_empty="T1")
DAYS = AnswerSocket(slug="days", relative_path="more/days.json", title="survival", if_empty=0.0)
ANSWERING = ROOT / "tests" / "support" / "answering"


@pytest.fixture
def imported(tmp_path):
    """Import one answer from a file with this content; without content there is no file."""

    def run(socket, content, expected=None):
        for folder, text in (("output", content), ("expected", expected)):
            path = tmp_path / folder / socket.relative_path
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = import_answers([socket], tmp_path / "output", tmp_path / "expected")
        return result.answers[socket.slug], result.findings

    return run


@pytest.mark.parametrize(
    ("socket", "content", "value"),
    [(STAGE, '"T2"', "T2"), (STAGE, ' "T1"\n', "T1"), (DAYS, "812.5", 812.5), (DAYS, "-3", -3), (DAYS, "1e3", 1000)],
)
def test_a_valid_answer_is_taken_as_it_is(imported, socket, content, value):
    answer, findings = imported(socket, content)
    assert (answer.given, answer.expected, findings) == (value, None, ())


@pytest.mark.parametrize(
    ("socket", "content", "says", "explains"),
    [
        pytest.param(
            STAGE, None, "Output file 't.json' was not produced",
            "The T stage must be one of T1, T2, as JSON in /output/t.json. Every", id="missing",
        ),
        pytest.param(STAGE, "T2", "The output file 't.json' is not valid json", "(line 1, column 1)", id="no quotes"),
        pytest.param(STAGE, "", "The output file 't.json' is not valid json", "(line 1, column 1)", id="empty"),
        pytest.param(STAGE, '"T2",', "The output file 't.json' is not valid json", "(line 1, column 5)", id="comma"),
        pytest.param(STAGE, b'\xef\xbb\xbf"T2"', "The output file 't.json' is not valid json", "column 1", id="mark"),
        pytest.param(DAYS, "[" * 100_000, "The output file 'more/days.json' is not valid json", "parsed.", id="deep"),
        pytest.param(STAGE, b'"\xe9"', "", "holds bytes that are not UTF-8", id="Latin-1"),
        pytest.param(
            STAGE, '"T9"',
            "The output file 't.json' is not valid. JSON does not fulfill schema: instance 'T9' is not one of"
            " ['T1', 'T2']",
            'found "T9".', id="no choice",
        ),
        pytest.param(
            STAGE, "2",
            "The output file 't.json' is not valid. JSON does not fulfill schema: instance is not one of ['T1', 'T2']",
            "found 2.", id="a number for a choice",
        ),
        pytest.param(
            STAGE, '{"t-stage": "T2"}', "is not one of ['T1', 'T2']", 'found {"t-stage": "T2"}.', id="an object",
        ),
        pytest.param(
            DAYS, "NaN",
            "The output file 'more/days.json' is not valid. JSON does not fulfill schema: instance is not of type"
            " 'number'",
            "The survival must be a finite number, as JSON in /output/more/days.json, found null, which NaN",
            id="NaN",
        ),
        pytest.param(DAYS, "-Infinity", "instance is not of type 'number'", "found null, which NaN", id="infinite"),
        pytest.param(DAYS, '"812.5"', "instance '812.5' is not of type 'number'", 'found "812.5".', id="text"),
        pytest.param(DAYS, "true", "instance is not of type 'number'", "found true.", id="true"),
    ],
)  # fmt: skip
def test_what_the_platform_would_refuse(imported, socket, content, says, explains):
    answer, (finding,) = imported(socket, content)
    assert answer.given is None
    assert finding.severity == "failure"
    assert finding.platform_says.endswith(says)
    assert bool(says) == bool(finding.platform_says)
    assert explains in finding.explanation


@pytest.mark.parametrize(
    ("expected", "value"), [('"T2"', "T2"), ("NaN", None), ("T2", None), (None, None), (b"\xff", None)]
)
def test_what_was_expected_is_beside_it_where_anyone_knows(imported, expected, value):
    answer, findings = imported(STAGE, '"T1"', expected)
    assert (answer.given, answer.expected, findings) == ("T1", value, ())


PROGRAM = """
import shutil, sys
from pathlib import Path
input_dir, output_dir = Path(sys.argv[2]), Path(sys.argv[4])
folder = output_dir / "images/mri-head-neck-segmentation"
folder.mkdir(parents=True)
shutil.copy(next((input_dir / "images/registered-pre-rt-head-neck-segmentation").glob("*")), folder / "output.mha")
(output_dir / "more").mkdir()
(output_dir / "more/volume.json").write_text("812.5")
"""


@pytest.fixture
def rehearse_program(small_request, case_dir, tmp_path):
    """Rehearse a program for the edition that asks, write the report, and return it with the result."""
    (case_dir / "expected/stage.json").write_text('"T1"')
    (case_dir / "expected/more").mkdir()
    (case_dir / "expected/more/volume.json").write_text("1234567.125")

    def run(program):
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        setup = ProcessSetup((sys.executable, str(file)), tmp_path, small_request.profile, cuts_network=False, gpus=0)
        own = Request(
            EDITIONS["asking"],
            small_request.cases,
            small_request.model_dir,
            small_request.profile,
            small_request.keep_dir,
        )
        result = rehearse(own, Runner("process", lambda work: run_process(setup, work)), lambda _: None)
        return write_report(own, result, tmp_path / "report").read_text(encoding="utf-8"), result

    return run


def test_answers_are_declared_outputs_kept_scored_and_shown(rehearse_program, small_request):
    html, result = rehearse_program(PROGRAM + "(output_dir / 'stage.json').write_text('\"T2\"')\n")
    (case,) = result.cases
    assert case.passed, case.platform_says
    assert case.findings == ()  # neither file is stray
    assert {slug: (answer.given, answer.expected) for slug, answer in case.answers.items()} == {
        "stage": ("T2", "T1"),
        "volume": (812.5, 1234567.125),
    }
    assert result.score.score == 1
    assert (small_request.keep_dir / "case_000/output/stage.json").read_text() == '"T2"'
    assert "<tr><th>Answer</th><th>Given</th><th>Expected</th></tr>" in html
    assert "<tr><td>stage</td><td>T2</td><td>T1</td></tr>" in html
    assert "<tr><td>volume</td><td>812.5</td><td>1.23457e+06</td></tr>" in html
    assert cases_table(result).headings[-1] == "answers"
    assert cases_table(result).rows[0][-1] == "T2, 812.5"


def test_one_missing_answer_fails_the_case_in_the_platforms_words(rehearse_program):
    html, result = rehearse_program(PROGRAM)
    (case,) = result.cases
    assert case.platform_says == "Output file 'stage.json' was not produced"
    assert result.verdict == "The one case failed, case_000: Output file 'stage.json' was not produced"
    assert result.score is None
    assert "<q>Output file &#39;stage.json&#39; was not produced</q>" in html


def test_a_file_that_no_answer_has_is_not_collected(rehearse_program):
    stray = "(output_dir / 'stage.json').write_text('\"T2\"')\n(output_dir / 'rfs.json').write_text('1')\n"
    _, result = rehearse_program(PROGRAM + stray)
    (finding,) = result.cases[0].findings
    assert finding.explanation == "Not a declared output, and not collected: rfs.json."


def test_nothing_is_collected_from_a_program_that_failed(rehearse_program):
    _, result = rehearse_program(PROGRAM + "sys.exit('It went wrong.')")
    assert result.cases[0].platform_says == "It went wrong."
    assert result.cases[0].answers == {}


def test_long_answers_stay_out_of_the_table(rehearse_program):
    _, result = rehearse_program(PROGRAM + "(output_dir / 'stage.json').write_text('\"T2\"')\n")
    (case,) = result.cases
    long = case.answers["stage"].model_copy(update={"given": "T" * 40})
    other = result.model_copy(update={"cases": (case.model_copy(update={"answers": {"stage": long}}),)})
    assert cases_table(other).headings[-1] == "mean dsc"


@pytest.mark.parametrize("edition", ["", "quiet"])
def test_a_challenge_with_editions_is_rehearsed_by_the_one_that_was_chosen(small_request, model_dir, edition):
    challenge = load_challenge(ANSWERING, edition)
    profile = profile_of(challenge.spec.limits)
    own = Request(challenge.spec, small_request.cases, model_dir, profile, small_request.keep_dir)
    result = rehearse(own, process_runner(ANSWERING, profile, gpu=False, edition=edition), lambda _: None)
    (case,) = result.cases
    assert case.passed, case.platform_says
    assert case.time_limit_s == json.loads(case.stdout_tail[-1])["limit_s"] == challenge.spec.limits.time_s
    assert set(case.answers) == (set() if edition else {"stage", "volume"})
