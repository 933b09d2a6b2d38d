"""Jobs of schedulers, whose commands are stand-ins that run the jobs here."""

import os
import signal
import threading
import time

import pytest

from hnseg.cohort.loop import run_cohort
from hnseg.cohort.running.clusters import job_options
from hnseg.cohort.settings import JobSettings, RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import InputError
from tests.support.cohort_works import make_cases, work_reference
from tests.support.schedulers import kill_all, pids_of_jobs, put_on_path


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """The folder of stand-ins that are on the PATH; their jobs end with the test."""
    folder = tmp_path / "scheduler"
    put_on_path(folder, monkeypatch)
    yield folder
    kill_all(folder)


def test_what_is_not_given_is_left_to_the_configuration(store):
    job = JobSettings(queue="gpu", account="physics", directives=("--gres=gpu:1",))
    options = job_options(store, RunSettings(on="slurm", job=job), {"cores": 8, "memory": "64GB"})
    assert options == {
        "queue": "gpu",
        "account": "physics",
        "job_extra_directives": ["--gres=gpu:1"],
        "processes": 1,
        "worker_extra_args": ["--nthreads", "1"],
        "log_directory": str(store.folder / ".cohort/jobs"),
    }


def test_without_any_word_a_job_has_four_processors_and_16_gb(store):
    options = job_options(store, RunSettings(on="sge", job=JobSettings(account="physics")), {})
    assert (options["cores"], options["memory"], options["project"]) == (4, "16GB", "physics")


@pytest.mark.parametrize("place", ["slurm", "pbs", "sge", "lsf"])
def test_cases_run_in_jobs_that_are_gone_afterwards(tmp_path, store, scheduler, monkeypatch, place):
    if place == "sge":
        monkeypatch.setenv("SGE_STANDS_IN", "1")
    cases = make_cases(tmp_path / "cases", 6)
    settings = RunSettings(on=place, workers=2 if place == "slurm" else 1)
    summary = run_cohort(cases, work_reference(seconds=0.1), store, settings, say=pytest.fail)
    assert (summary.done, summary.failed) == (6, ())
    assert 1 <= len({store.status(case.name).worker.pid for case in cases}) <= settings.number_of_workers
    assert len(list(scheduler.glob("jobs/*"))) >= settings.number_of_workers
    _wait_for(lambda: not pids_of_jobs(scheduler))


@pytest.mark.slow
def test_a_job_that_is_killed_costs_its_case_one_more_attempt(tmp_path, store, scheduler):
    cases = make_cases(tmp_path / "cases", 6)
    killed = threading.Thread(target=_kill_the_first_that_runs, args=(store, scheduler))
    killed.start()
    summary = run_cohort(cases, work_reference(seconds=1.0), store, RunSettings(on="slurm", workers=1), say=pytest.fail)
    killed.join()
    assert (summary.done, summary.failed) == (6, ())
    assert len(list(scheduler.glob("jobs/*"))) >= 2


def test_a_scheduler_that_is_not_there_is_said(tmp_path, store, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="slurm must take the workers' jobs"):
        run_cohort(make_cases(tmp_path / "cases"), work_reference(), store, RunSettings(on="slurm"), say=pytest.fail)


def test_kubernetes_asks_for_a_specification(tmp_path, store):
    settings = RunSettings(on="kubernetes", job=JobSettings(specification=tmp_path / "none.yaml"))
    with pytest.raises(InputError, match="specification of a DaskCluster"):
        run_cohort(make_cases(tmp_path / "cases"), work_reference(), store, settings, say=pytest.fail)


def _kill_the_first_that_runs(store, scheduler):
    _wait_for(lambda: len(store.names()) >= 2)
    for pid in pids_of_jobs(scheduler)[:1]:
        os.killpg(pid, signal.SIGKILL)


def _wait_for(condition, seconds=60):
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)
