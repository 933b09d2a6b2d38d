"""The engine with workers on this machine."""

import json
import os
import signal
import threading
import time

import pytest

from hnseg.cohort.running.engine import engine, results
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from tests.support.cohort_works import make_cases, work_reference


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


def test_a_worker_that_joins_gets_cases(tmp_path, store):
    work, cases = work_reference(seconds=0.4), make_cases(tmp_path / "cases", 12)
    with engine(work, store, RunSettings()) as client:
        ending = results(client, cases, work, store)
        first = next(ending)
        client.cluster.scale(2)
        pids = {first.worker.pid, *(status.worker.pid for status in ending)}
    assert len(pids) == 2
    assert len(store.names()) == 12


def test_leaving_it_ends_the_cases_that_run(tmp_path, store):
    work, cases = work_reference(seconds=60), make_cases(tmp_path / "cases", 2)
    started_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt), engine(work, store, RunSettings(workers=2)) as client:
        ending = results(client, cases, work, store)
        threading.Timer(4.0, signal.raise_signal, [signal.SIGINT]).start()
        next(ending)
    assert time.monotonic() - started_s < 30
    assert store.names() == []
    assert not list(store.folder.glob(".unfinished/*"))


@pytest.mark.parametrize("workers", [1, 3])
def test_the_processors_are_shared_out(tmp_path, store, workers):
    work, cases = work_reference("surroundings", seconds=0.2), make_cases(tmp_path / "cases", 6)
    with engine(work, store, RunSettings(workers=workers)) as client:
        for _ in results(client, cases, work, store):
            pass
    given = [json.loads(store.output(case.name, "given.json").read_text())["processors"] for case in cases]
    everything = os.sched_getaffinity(0)
    if workers == 1:
        assert {tuple(each) for each in given} == {tuple(sorted(everything))}
    else:
        most = max(1, -(-len(everything) // workers))
        assert all(each and set(each) <= everything and len(each) <= most for each in given)
