import os
import signal
import time
from pathlib import Path

import pytest

from hnseg.cohort.running.runner import Request, Start
from hnseg.cohort.running.runner_process import RunnerProcess
from hnseg.errors import DiedError
from tests.support.cohort_works import make_cases, work_reference


@pytest.fixture
def process():
    runner = RunnerProcess({})
    yield runner
    runner.end()


def test_it_is_asked_and_answers(process):
    assert process.ask(Start(work=work_reference())).kind == "ready"


def test_an_answer_that_takes_too_long_is_none(process, tmp_path):
    (case,) = make_cases(tmp_path / "cases", 1)
    (tmp_path / "made/report").mkdir(parents=True)
    process.ask(Start(work=work_reference(seconds=30)))
    assert process.ask(Request(case=case, folder=tmp_path / "made"), timeout_s=0.2) is None


def test_its_end_is_told_by_signal_or_status(process):
    process.ask(Start(work=work_reference()))
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(DiedError, match="it was ended by SIGKILL"):
        process.ask(Start(work=work_reference()))


def test_the_end_is_told_while_a_forked_process_lives_on_which_ends_with_it(tmp_path):
    process = RunnerProcess({"FORKED": str(tmp_path / "forked")})
    (case,) = make_cases(tmp_path / "cases", 1)
    case.inputs.images["scan"].write_text("forks")
    (tmp_path / "made/report").mkdir(parents=True)
    process.ask(Start(work=work_reference("odd")))
    with pytest.raises(DiedError, match="it was ended by SIGKILL"):
        process.ask(Request(case=case, folder=tmp_path / "made"))
    forked = int((tmp_path / "forked").read_text())
    os.kill(forked, 0)
    process.end()
    until_s = time.monotonic() + 5
    while _lives(forked) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not _lives(forked)


def _lives(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split()[2] != "Z"


def test_the_last_line_of_a_process_that_can_not_start_is_told(tmp_path):
    (tmp_path / "hnseg").mkdir()
    (tmp_path / "hnseg/__init__.py").write_text("raise SystemExit('The installation is broken.')")
    process = RunnerProcess({"PYTHONPATH": str(tmp_path)})
    with pytest.raises(DiedError, match=r"it ended with status 1 \(The installation is broken\.\)"):
        process.ask(Start(work=work_reference()))
    process.end()


def test_what_was_ended_can_be_ended_again(process):
    process.end()
    process.end()
    with pytest.raises(DiedError):
        process.ask(Start(work=work_reference()))
