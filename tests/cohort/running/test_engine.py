"""Dask's workers on this machine: cases in flight, workers that join, and what is left when they end."""

import json
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from hnseg.cohort.running import engine as engine_module
from hnseg.cohort.running.engine import engine, results
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from tests.support.cohort_works import make_cases, work_reference

SLOW_ENOUGH = work_reference(seconds=0.3)


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


def is_alive(pid):
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_case_ends_once_also_where_one_waits_at_each_worker(tmp_path, store):
    cases = make_cases(tmp_path / "cases", 9)
    with engine(work_reference(), store, RunSettings(workers=2)) as client:
        names = [status.case for status in results(client, cases, ahead=1)]
    assert sorted(names) == [case.name for case in cases]


def test_a_worker_that_joins_later_gets_cases(tmp_path, store):
    cases = make_cases(tmp_path / "cases", 40)
    with engine(SLOW_ENOUGH, store, RunSettings()) as client:
        ending = results(client, cases)
        pids = {next(ending).worker.pid}
        assert len(client.nthreads()) == 1
        client.cluster.scale(2)
        for status in ending:
            pids.add(status.worker.pid)
            if len(pids) == 2:
                break
    assert len(pids) == 2


def test_ended_early_it_leaves_no_process_and_no_folder(tmp_path, store, monkeypatch):
    scratch, here = tmp_path / "scratch", tmp_path / "here"
    scratch.mkdir()
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(here)
    cases = make_cases(tmp_path / "cases", 6)
    with engine(SLOW_ENOUGH, store, RunSettings(workers=2)) as client:
        ended = next(results(client, cases))
    assert not is_alive(ended.worker.pid)
    assert ended.case in store.names()
    assert not [path for folder in (scratch, here, store.folder / ".unfinished") for path in folder.glob("*")]


def test_ctrl_c_ends_the_cases_that_run(tmp_path, store, request):
    work, cases = work_reference(seconds=60), make_cases(tmp_path / "cases", 2)
    started_s = time.monotonic()
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in several processes ignore it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, former))
    threading.Timer(6.0, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        _first_result(cases, work, store)
    assert time.monotonic() - started_s < 40
    assert store.names() == []
    assert not list(store.folder.glob(".unfinished/*"))


def _first_result(cases, work, store):
    with engine(work, store, RunSettings(workers=2)) as client:
        next(results(client, cases))


@pytest.mark.parametrize("workers", [1, 3])
def test_the_processors_are_shared_out(tmp_path, store, workers):
    work, cases = work_reference("surroundings", seconds=0.2), make_cases(tmp_path / "cases", 6)
    with engine(work, store, RunSettings(workers=workers)) as client:
        for _ in results(client, cases):
            pass
    given = [json.loads(store.output(case.name, "given.json").read_text())["processors"] for case in cases]
    everything = os.sched_getaffinity(0)
    if workers == 1:
        assert {tuple(each) for each in given} == {tuple(sorted(everything))}
    else:
        most = max(1, -(-len(everything) // workers))
        assert all(each and set(each) <= everything and len(each) <= most for each in given)


def test_a_time_without_workers_is_told_each_time(monkeypatch):
    said = []
    alone = engine_module._Alone(said.append)
    monkeypatch.setattr(engine_module, "_ALONE_S", 0.0)
    alone.see(1)
    time.sleep(0.01)
    alone.see(0)
    assert len(said) == 1
    monkeypatch.setattr(engine_module, "_ALONE_S", 60.0)
    alone.see(0)
    assert len(said) == 1
