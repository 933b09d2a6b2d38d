"""Containers that serve requests: the faults by their replies, and real servers in a real engine."""

import shutil
from dataclasses import replace

import pytest

from hnseg.rehearsal.case_run import ServerFault
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.running.runners import ImageChoice, container_runner
from hnseg.rehearsal.running.serving import Outcome, Reply, health_fault, invoke_fault, reply_in
from tests.support.small_challenges import HNTS_MRG
from tests.support.small_rehearsal import no_progress

INVOKE = "LABEL org.grand-challenge.api-method='Invoke'"

SERVER = """
import http.server, os, sys, time
from pathlib import Path
from stub_container import *

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({health})

    def do_POST(self):
        {invoke}

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.HTTPServer(("", 4743), Handler).serve_forever()
"""


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (200, None),
        (301, ServerFault.REDIRECTED),
        (399, ServerFault.REDIRECTED),
        (400, ServerFault.UNHEALTHY),
        (503, ServerFault.UNHEALTHY),
        (None, ServerFault.UNHEALTHY),
    ],
)
def test_only_status_200_is_healthy(status, fault):
    assert health_fault(Reply(Outcome.ANSWERED if status else Outcome.TIMEOUT, status, 0.1)) is fault


@pytest.mark.parametrize(
    ("outcome", "status", "fault"),
    [
        (Outcome.ANSWERED, 201, None),
        (Outcome.ANSWERED, 200, ServerFault.WRONG_STATUS),
        (Outcome.TIMEOUT, 500, ServerFault.WRONG_STATUS),  # the status came, the body did not
        (Outcome.TIMEOUT, 201, ServerFault.TIMED_OUT),
        (Outcome.TIMEOUT, None, ServerFault.TIMED_OUT),
        (Outcome.REFUSED, None, ServerFault.REFUSED),
        (Outcome.BROKEN, None, ServerFault.BROKEN),
        (Outcome.ENDED, None, ServerFault.BROKEN),
    ],
)
def test_only_a_whole_reply_with_status_201_is_no_fault(outcome, status, fault):
    assert invoke_fault(Reply(outcome, status, 0.1)) is fault


@pytest.fixture
def rehearse_server(build, rehearse_image):
    """Rehearse a server that answers /health and /invoke so, and return its one case."""

    def run(*, health="200", invoke="write(); self.answer(201)", **limits):
        (case,) = rehearse_image(build(SERVER.format(health=health, invoke=invoke), label=INVOKE), **limits).cases
        return case

    return run


@pytest.mark.engine
def test_a_good_server_passes_and_its_start_is_not_counted(rehearse_server):
    case = rehearse_server(invoke="time.sleep(1); write(); self.answer(201)")
    assert case.passed, case.platform_says
    assert case.exit_code is None
    assert 1 <= case.time_s < 3
    assert case.startup_s > 0
    assert case.peak_program_gib > 0


@pytest.mark.engine
@pytest.mark.parametrize(
    ("invoke", "says"),
    [
        pytest.param("write(); self.answer(200)", "Invoke endpoint returned status 200, expected 201", id="200"),
        pytest.param("self.answer(500)", "Invoke endpoint returned status 500, expected 201", id="500"),
        pytest.param("os._exit(3)", "HTTP error calling invoke endpoint", id="dies"),
        pytest.param(
            "self.answer(201)", "Output directory 'images/mri-head-neck-segmentation' is empty", id="no output"
        ),
    ],
)
def test_a_reply_that_is_not_a_whole_201_fails(rehearse_server, invoke, says):
    case = rehearse_server(invoke=invoke)
    assert case.platform_says == says


@pytest.mark.engine
def test_a_slow_reply_is_over_the_limit(rehearse_server):
    case = rehearse_server(invoke="time.sleep(60)", time_limit_s=1)
    assert case.platform_says == "Invoke time limit exceeded"
    assert case.timed_out


@pytest.mark.engine
def test_a_server_that_is_never_healthy_fails_the_health_check(rehearse_server):
    case = rehearse_server(health="503", health_limit_s=2)
    assert "didn't pass the health check within 2 seconds" in case.platform_says


@pytest.mark.engine
def test_a_redirect_is_not_healthy(rehearse_server):
    assert (
        rehearse_server(health="302").platform_says == "Health check failed: Health endpoint returned redirect response"
    )


@pytest.mark.engine
def test_a_server_that_ends_before_it_is_healthy_says_why(build, rehearse_image):
    (case,) = rehearse_image(build("import sys; sys.exit('Weights are missing.')", label=INVOKE)).cases
    assert "didn't pass the health check" in case.platform_says
    assert "status 1" in case.findings[0].explanation
    assert "Weights are missing." in case.findings[0].explanation


@pytest.mark.parametrize(
    ("printed", "reply"),
    [
        (b'{"outcome": "answered", "status": 201, "body": "", "seconds": 1.5}', Reply(Outcome.ANSWERED, 201, 1.5)),
        (b'{"outcome": "answered", "status": 201, "body": "", "seconds": 99}', Reply(Outcome.ANSWERED, 201, 2.0)),
        (b'{"outcome": "refused", "status": null, "seconds": 0}', Reply(Outcome.REFUSED, None, 0.0)),
    ],
)
def test_a_printed_reply_took_no_longer_than_was_measured(printed, reply):
    assert reply_in(printed, 2.0) == reply


@pytest.mark.parametrize(
    "printed",
    [
        b"hello",
        b"\xff",
        b"[" * 60_000,
        b'{"outcome": "answered"}',
        b'{"outcome": "splendid", "status": 201, "seconds": 1}',
        b'{"outcome": "answered", "status": "<b>", "seconds": 1}',
        b'{"outcome": "answered", "status": 99999, "seconds": 1}',
        b'{"outcome": "answered", "status": 201, "seconds": NaN}',
        b'{"outcome": "answered", "status": 201, "seconds": -1}',
        b'[9 bytes before these were left out]\n{"outcome": "answered", "status": 201, "seconds": 1}',
    ],
)
def test_something_else_from_the_containers_python_is_a_broken_call(printed):
    assert reply_in(printed, 2.0) == Reply(Outcome.BROKEN, None, 2.0)


@pytest.fixture
def rehearse_cases(build, engine, small_request, tmp_path):
    """Rehearse a server on the small case and copies of it, and return their results."""

    def run(invoke, *, cases=3):
        folders = [tmp_path / f"case_{number:03}" for number in range(cases)]
        for folder in folders[1:]:
            shutil.copytree(folders[0], folder)
            scan = next((folder / "input/images/mid-rt-t2w-head-neck").iterdir())
            scan.rename(scan.with_stem(folder.name))
        request = replace(small_request, cases=find_cases(folders))
        choice = ImageChoice(build(SERVER.format(health="200", invoke=invoke), label=INVOKE))
        arguments = (engine, HNTS_MRG.container_dir, choice, request.model_dir, request.profile)
        with container_runner(*arguments, gpu=False) as runner:
            return rehearse(request, runner, no_progress).cases

    return run


@pytest.mark.engine
def test_one_container_serves_all_cases_each_with_its_own_files(rehearse_cases):
    look = "print(os.getpid(), os.path.realpath('/input'), os.listdir('/output'), os.listdir('/input/' + SCAN))"
    cases = rehearse_cases(f"{look}; write(); print('so', file=sys.stderr); self.answer(201)")
    assert [case.passed for case in cases] == [True] * 3, cases[0].findings
    said = [case.stdout_tail[-1].split(" ", 2) for case in cases]
    assert len({words[0] for words in said}) == 1  # one process
    assert [words[1] for words in said] == [f"/opt/ml/input/data/case-{number}-input" for number in (1, 2, 3)]
    assert all(words[2].startswith("[] ") for words in said)
    assert "case_002.mha" in said[2][2]
    assert [case.stderr_tail.count("so") for case in cases] == [1, 1, 1]
    assert [case.startup_s is None for case in cases] == [False, True, True]
    assert all((case.output_file, case.peak_program_gib > 0) for case in cases)


@pytest.mark.engine
def test_a_server_that_looks_for_its_case_once_fails_its_second_case(rehearse_cases):
    once = "SEEN.extend(SEEN or Path('/input', SCAN).iterdir()); SEEN[0].read_bytes(); write(); self.answer(201)"
    first, second = rehearse_cases(f"global SEEN; SEEN = globals().get('SEEN', []); {once}", cases=2)
    assert (first.passed, second.passed) == (True, False)
    assert second.platform_says == "HTTP error calling invoke endpoint"


@pytest.mark.engine
def test_after_a_failed_case_the_next_one_gets_a_new_container(rehearse_cases):
    invoke = "open('/tmp/n', 'a').write('x'); os.path.getsize('/tmp/n') == 2 and os._exit(3); write(); self.answer(201)"
    cases = rehearse_cases(invoke)
    assert [case.passed for case in cases] == [True, False, True]
    assert "status 3" in cases[1].findings[0].explanation
    assert cases[2].startup_s is not None
