"""Cohorts that are stopped and killed: what had ended is kept, nothing is half-written, and a rerun ends the rest."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from hnseg.cohort.state.store import CaseStore
from tests.support.cohort_program import start_cohort
from tests.support.cohort_works import make_cases

COUNT = 30


def runners_of(process):
    """The processes that run cases for a program."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    found = [int(pid) for path in children for pid in path.read_text().split()]
    return [pid for pid in found if b"hnseg.cohort.running.runner" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_for(condition, seconds=180):
    """Wait until a condition holds."""
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def done_in(store):
    """The names of the cases that are done, each with its output whole."""
    names = [name for name in store.names() if store.status(name).status == "done"]
    for name in names:
        assert store.output(name, "images/out.txt").read_text() == f"patient {int(name[-3:])}"
    return names


def checksums_in(store):
    """The checksums of each case's inputs and outputs."""
    statuses = {name: store.status(name) for name in store.names()}
    return {
        name: {path: stamp.sha256 for path, stamp in (status.inputs | status.outputs).items()}
        for name, status in statuses.items()
    }


def logged_as_done(results):
    """How often the log says of each case that it was done."""
    log = results / "cohort.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.split("\t")[1] for line in lines if line.split("\t")[2] == "done")


@pytest.fixture
def cohort(tmp_path):
    """A folder of cases, and one for results."""
    make_cases(tmp_path / "cases", COUNT)
    return tmp_path / "cases", tmp_path / "results"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_ten_random_moments_it_goes_on_each_time(cohort, seed):
    cases, results = cohort
    store, chance = CaseStore(results), random.Random(seed)
    before = set()
    for number in range(10):
        process = start_cohort(cases, results, parameters={"seconds": 0.03}, workers=2)
        time.sleep(chance.uniform(0.6, 3.5))
        victims = [process.pid] if number % 2 else (runners_of(process) or [process.pid])
        for pid in chance.sample(victims, 1):
            os.kill(pid, signal.SIGKILL)
        if victims != [process.pid]:
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
        process.wait()
        now = set(done_in(store))
        assert now >= before
        before = now
    assert start_cohort(cases, results, parameters={"seconds": 0.03}, workers=2).wait() == 0
    assert len(done_in(store)) == COUNT
    assert not (results / ".unfinished").exists()
    assert max(logged_as_done(results).values()) == 1
    assert all(store.status(name).attempts <= 2 for name in store.names())
    undisturbed = results.with_name("undisturbed")
    assert start_cohort(cases, undisturbed, parameters={"seconds": 0.03}, workers=2).wait() == 0
    assert checksums_in(store) == checksums_in(CaseStore(undisturbed))


def test_a_runner_that_is_killed_costs_its_case_one_more_attempt(cohort):
    cases, results = cohort
    process = start_cohort(cases, results, parameters={"seconds": 0.1}, workers=1)
    wait_for(lambda: len(done_in(CaseStore(results))) > 3)
    os.kill(runners_of(process)[0], signal.SIGKILL)
    assert process.wait() == 0
    attempts = Counter(CaseStore(results).status(name).attempts for name in done_in(CaseStore(results)))
    assert attempts == {1: COUNT - 1, 2: 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_and_keeps_what_had_ended(cohort, number):
    cases, results = cohort
    store = CaseStore(results)
    process = start_cohort(cases, results, parameters={"seconds": 0.2}, workers=2)
    wait_for(lambda: len(done_in(store)) > 2)
    runners = runners_of(process)
    started_s = time.monotonic()
    process.send_signal(number)
    assert process.wait() == 128 + number
    assert time.monotonic() - started_s < 10
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in runners))
    kept = done_in(store)
    assert 2 < len(kept) < COUNT
    assert not any((results / ".unfinished").glob("*"))
    assert start_cohort(cases, results, workers=2, parameters={"seconds": 0.2}).wait() == 0
    assert set(logged_as_done(results).values()) == {1}


def test_a_second_run_is_refused_while_the_first_lives_and_not_after_it_was_killed(cohort):
    cases, results = cohort
    first = start_cohort(cases, results, parameters={"seconds": 0.5})
    wait_for(lambda: CaseStore(results).names())
    assert start_cohort(cases, results, parameters={"seconds": 0.5}).wait() == 1
    said = (results.parent / "program.txt").read_text()
    assert f"another has it (process {first.pid} on " in said
    first.kill()
    first.wait()
    assert start_cohort(cases, results).wait() == 0
