"""Supervisor with real processes that die, hang, fail, and take too much memory."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hnseg.cohort.case import CohortCase
from hnseg.cohort.running.supervisor import Share, Supervisor
from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.cohort.state.standing import Standing, standing_of
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import StoppedError, WorkError
from hnseg.platform.input_files import InputFiles
from tests.support.cohort_works import make_cases, work_reference


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


@pytest.fixture
def counts(tmp_path):
    return AttemptCounts(tmp_path / "counts")


@pytest.fixture
def supervise(store, counts):
    """A function that makes a supervisor of some work, ended at the end."""
    made = []

    def make(work, share=Share(), **options):  # noqa: B008
        made.append(Supervisor(work, store, counts, share, **options))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.close()


@pytest.fixture
def odd_case(tmp_path):
    """A function that makes a case to which something happens."""

    def make(text, name="odd"):
        path = tmp_path / f"{name}.txt"
        path.write_text(text)
        return CohortCase(name=name, inputs=InputFiles(images={"scan": path}))

    return make


def test_the_work_is_loaded_once_for_all_cases(tmp_path, store, supervise):
    supervisor = supervise(work_reference("copy", word="to "))
    statuses = [supervisor.run(case) for case in make_cases(tmp_path / "cases")]
    assert [status.status for status in statuses] == ["done"] * 3
    assert [status.facts["runner"]["case_number"] for status in statuses] == [1, 2, 3]
    assert len({status.facts["runner"]["pid"] for status in statuses}) == 1
    assert store.output("case_001", "images/out.txt").read_text() == "to patient 1"
    assert store.status("case_001") == statuses[1]
    assert (store.case_folder("case_001") / "report/log.txt").read_text() == "copied case_001\n"


@pytest.mark.parametrize(
    ("text", "said", "attempts"),
    [
        ("killed", "ended by SIGKILL at attempt 2 of 2. The kernel does that where memory ends", 2),
        ("crashes", "ended by SIGSEGV at attempt 2 of 2", 2),
        ("leaves", "ended with status 3", 2),
        ("exhausts", "must fit into memory", 2),
        ("fails", "The scan must be a scan, but is none.", 1),
        ("breaks", "This should not have happened", 1),
    ],
)
def test_a_case_that_goes_wrong_fails_alone_with_its_sentence(
    tmp_path, store, supervise, odd_case, text, said, attempts
):
    supervisor = supervise(work_reference("odd"))
    status = supervisor.run(odd_case(text))
    assert (status.status, status.attempts) == ("failed", attempts)
    assert said in status.reason
    assert status.outputs == {}
    assert sorted(path.name for path in store.case_folder("odd").iterdir()) == ["report", "status.json"]
    assert supervisor.run(make_cases(tmp_path / "cases", 1)[0]).status == "done"


@pytest.mark.parametrize("text", ["killed", "exhausts"])
def test_a_case_that_goes_wrong_once_is_done_at_the_second_attempt(tmp_path, supervise, odd_case, text):
    status = supervise(work_reference("odd", times=1, folder=str(tmp_path))).run(odd_case(text))
    assert (status.status, status.attempts) == ("done", 2)


def test_a_case_whose_workers_were_lost_at_all_attempts_fails_without_another(store, supervise, counts, odd_case):
    case = odd_case("any")
    supervisor = supervise(work_reference("refused"))
    counts.begin("odd")
    counts.begin("odd")
    status = supervisor.run(case)
    assert (status.status, status.attempts, status.worker) == ("failed", 2, None)
    assert status.reason.startswith("The worker that runs a case must live, but it was lost at attempt 2 of 2.")
    assert store.status("odd") == status
    assert list(counts.folder.iterdir()) == []


@pytest.mark.parametrize(("text", "outcome"), [("any", "done"), ("killed", "failed")])
def test_a_case_whose_worker_was_lost_once_is_tried_once_more(supervise, counts, odd_case, text, outcome):
    counts.begin("odd")
    status = supervise(work_reference("odd")).run(odd_case(text))
    assert (status.status, status.attempts) == (outcome, 2)
    assert list(counts.folder.iterdir()) == []


def test_a_case_that_hangs_is_stopped_after_its_limit(tmp_path, supervise, odd_case):
    supervisor = supervise(work_reference("odd"), limit_s=1, grace_s=0.5)
    status = supervisor.run(odd_case("hangs"))
    assert (status.status, status.attempts) == ("failed", 1)
    assert status.reason.startswith("The case must end within 1 s, but it did not end 0.5 s after that either")
    assert supervisor.run(make_cases(tmp_path / "cases", 1)[0]).status == "done"


def test_a_case_with_a_problem_fails_without_a_process_until_it_is_cured(store, supervise):
    case = CohortCase(name="odd", inputs=InputFiles(images={}), problem="There is no scan.")
    status = supervise(work_reference("refused")).run(case)
    assert (status.status, status.reason, status.worker) == ("failed", "There is no scan.", None)
    assert standing_of(case, status.work_sha256, store) == Standing("failed")
    cured = case.model_copy(update={"problem": ""})
    assert standing_of(cured, status.work_sha256, store) == Standing("changed", "other files of it are found now")


def test_a_crash_in_native_code_leaves_its_stack_in_the_log(store, supervise, odd_case):
    supervise(work_reference("odd")).run(odd_case("crashes"))
    assert "Fatal Python error: Segmentation fault" in (store.case_folder("odd") / "report/log.txt").read_text()


@pytest.mark.parametrize(
    ("name", "said"), [("refused", "The model must be there, but is not."), ("dies_at_load", "ended with status 5")]
)
def test_work_that_can_not_be_loaded_is_an_error(tmp_path, store, supervise, name, said):
    with pytest.raises(WorkError, match=said):
        supervise(work_reference(name)).run(make_cases(tmp_path / "cases", 1)[0])
    assert store.names() == []


def test_closing_ends_a_case_that_runs_and_nothing_but_the_count_of_it_stays(tmp_path, store, supervise, counts):
    supervisor = supervise(work_reference("copy", seconds=60))
    (case,) = make_cases(tmp_path / "cases", 1)
    threading.Timer(1.0, supervisor.close).start()
    with pytest.raises(StoppedError):
        supervisor.run(case)
    with pytest.raises(StoppedError):
        supervisor.run(case)
    assert counts.begin(case.name) == 2  # the first only had begun
    assert store.names() == []
    assert list((store.folder / ".unfinished").iterdir()) == []


def test_several_threads_have_one_case_after_another(tmp_path, supervise):
    supervisor, cases = supervise(work_reference(seconds=0.1)), make_cases(tmp_path / "cases", 6)
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(supervisor.run, cases))
    assert [status.case for status in statuses] == [case.name for case in cases]
    assert {status.status for status in statuses} == {"done"}
    assert sorted(status.facts["runner"]["case_number"] for status in statuses) == [1, 2, 3, 4, 5, 6]


def test_a_case_that_was_published_meanwhile_is_not_run_again(tmp_path, supervise):
    (case,) = make_cases(tmp_path / "cases", 1)
    first = supervise(work_reference()).run(case)
    assert supervise(work_reference()).run(case) == first
    assert supervise(work_reference(word="other ")).run(case) != first


def test_the_process_gets_its_share_of_the_machine(tmp_path, store, supervise):
    (case,) = make_cases(tmp_path / "cases", 1)
    first = min(os.sched_getaffinity(0))
    status = supervise(work_reference("surroundings"), Share((first,), ram_gib=1.0, gpu="3")).run(case)
    assert json.loads(store.output(case.name, "given.json").read_text()) == {"gpu": "3", "processors": [first]}
    assert status.worker.gpu == "3"


def test_the_process_ends_with_its_parent(tmp_path):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        counts = AttemptCounts(tmp_path / "counts")
        supervisor = Supervisor(work_reference("copy"), CaseStore(tmp_path / "results"), counts)
        status = supervisor.run(make_cases(tmp_path / "cases", 1)[0])
        os.write(writing, str(status.facts["runner"]["pid"]).encode())
        time.sleep(60)
    runner = int(os.read(reading, 100))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until_s = time.monotonic() + 5
    while os.path.exists(f"/proc/{runner}") and time.monotonic() < until_s:  # noqa: PTH110
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{runner}")  # noqa: PTH110
