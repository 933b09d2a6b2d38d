"""The runner as a process that is spoken to in lines of JSON."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hnseg.cohort.running.runner import Request, Start
from tests.support.cohort_works import make_cases, work_reference

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start():
    """A function that starts a runner of some work and returns it with its first reply."""
    started = []

    def run(work, **share):
        process = subprocess.Popen(
            [sys.executable, "-m", "hnseg.cohort.running.runner"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True,
        )  # fmt: skip
        started.append(process)
        return process, ask(process, Start(work=work, **share))

    yield run
    for process in started:
        process.kill()
        with suppress(BrokenPipeError), process:  # closes its pipes, and waits
            pass


def ask(process, request):
    """Send a line and return the parsed reply."""
    process.stdin.write(request.model_dump_json() + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def folder_for(tmp_path, name):
    """An empty folder with a folder for the report."""
    (tmp_path / name / "report").mkdir(parents=True)
    return tmp_path / name


def test_a_reply_has_stamps_of_inputs_and_outputs_and_the_log_lies_in_the_report(tmp_path, start):
    (case,) = make_cases(tmp_path / "cases", 1)
    runner, first = start(work_reference())
    assert first["kind"] == "ready"
    folder = folder_for(tmp_path, "made")
    reply = ask(runner, Request(case=case, folder=folder))
    assert (reply["kind"], set(reply["inputs"]), set(reply["outputs"])) == ("done", {"scan"}, {"images/out.txt"})
    assert reply["facts"]["runner"] == {"pid": runner.pid, "case_number": 1}
    assert (folder / "report/log.txt").read_text() == "copied case_000\n"


def test_a_failure_leaves_its_traceback_in_the_log(tmp_path, start):
    (case,) = make_cases(tmp_path / "cases", 1)
    case.inputs.images["scan"].write_text("breaks")
    folder = folder_for(tmp_path, "made")
    runner, _ = start(work_reference("odd"))
    reply = ask(runner, Request(case=case, folder=folder))
    assert (reply["kind"], reply["reason"][:31]) == ("failed", "This should not have happened, ")
    assert "KeyError: 'no such thing'" in (folder / "report/log.txt").read_text()


def test_too_little_memory_is_told_from_other_failures(tmp_path, start):
    (case,) = make_cases(tmp_path / "cases", 1)
    case.inputs.images["scan"].write_text("exhausts")
    runner, _ = start(work_reference("odd"))
    assert ask(runner, Request(case=case, folder=folder_for(tmp_path, "made")))["kind"] == "memory"


def test_work_that_is_refused_says_why_and_ends_it(start):
    runner, reply = start(work_reference("refused"))
    assert (reply["kind"], reply["reason"]) == ("refused", "The model must be there, but is not.")
    assert runner.wait(10) == 0


def test_it_ends_when_its_parent_closes_its_input(start):
    runner, _ = start(work_reference())
    runner.stdin.close()
    assert runner.wait(10) == 0


def test_its_memory_is_limited(start):
    runner, _ = start(work_reference(), ram_gib=2.0)
    limits = Path(f"/proc/{runner.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max data size")]
    assert line.split()[3] == str(2 << 30)
