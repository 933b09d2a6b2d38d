"""Cohorts on clusters of jobs: stand-ins for the schedulers' commands, and Slurm itself where it is installed."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import dask
import pytest

from hnseg.cohort.loop import run_cohort
from hnseg.cohort.running.clusters import job_options
from hnseg.cohort.running.engine import engine, results
from hnseg.cohort.settings import JobSettings, RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import InputError
from tests.support.cohort_program import start_cohort
from tests.support.cohort_works import make_cases, work_reference
from tests.support.one_node_slurm import asked, one_node_slurm, why_no_slurm
from tests.support.stand_in_kubernetes import SPECIFICATION, stand_in_kubernetes
from tests.support.stand_in_scheduler import SCHEDULERS, StandInScheduler

ROOT = Path(__file__).parents[3]
SMALL_JOB = JobSettings(processors=1, memory="1GB")


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


@pytest.fixture
def schedule(tmp_path, monkeypatch):
    """A function that puts the commands of a scheduler on the PATH; its jobs are ended at the end."""
    made = []

    def make(kind):
        made.append(StandInScheduler(kind, tmp_path / "scheduler"))
        monkeypatch.setenv("PATH", f"{made[0].commands}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        return made[0]

    yield make
    for scheduler in made:
        scheduler.end()


@pytest.fixture(scope="module")
def slurm_configuration(tmp_path_factory):
    """The configuration of a Slurm that runs."""
    if why := why_no_slurm():
        pytest.skip(why)
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as configuration:
        yield configuration


@pytest.fixture
def slurm(slurm_configuration, monkeypatch):
    """A function that returns what a command of a Slurm that runs prints."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_configuration))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return partial(asked, slurm_configuration)


@pytest.fixture
def lost_soon():
    """A worker that does not come back counts as lost after a second."""
    import distributed  # noqa: F401 (its settings must be there before one is changed)

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}):
        yield


def wait_until(condition, seconds=180):
    """Wait until a condition holds."""
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCHEDULERS)
def test_jobs_run_the_cases_and_are_gone_afterwards(tmp_path, store, schedule, kind):
    scheduler = schedule(kind)
    cases = make_cases(tmp_path / "cases", 8)
    settings = RunSettings(on=kind, workers=2, job=SMALL_JOB)
    summary = run_cohort(cases, work_reference(seconds=0.3), store, settings, say=pytest.fail)
    assert (summary.done, summary.failed) == (8, ())
    assert len(scheduler.scripts()) == 2
    assert len({store.status(case.name).worker.pid for case in cases}) == 2
    wait_until(lambda: not scheduler.living())


@pytest.mark.slow
def test_a_case_that_loses_its_worker_twice_fails_alone(tmp_path, store, schedule):
    scheduler = schedule("slurm")
    cases = make_cases(tmp_path / "cases", 5)
    cases[1].inputs.images["scan"].write_text("orphaned")
    settings = RunSettings(on="slurm", workers=2, job=SMALL_JOB)
    summary = run_cohort(cases, work_reference("odd"), store, settings, say=pytest.fail)
    assert (summary.done, summary.failed) == (4, ("case_001",))
    status = store.status("case_001")
    assert [store.status(case.name).attempts for case in cases] == [1, 2, 1, 1, 1]
    assert status.reason.startswith("The worker that runs a case must live, but it was lost at attempt 2 of 2.")
    assert not list(store.folder.glob(".unfinished/*"))
    wait_until(lambda: not scheduler.living())


@pytest.mark.slow
@pytest.mark.parametrize("allowed_failures", [0, 3])
def test_cases_that_waited_behind_one_that_loses_its_worker_are_done(tmp_path, store, schedule, allowed_failures):
    schedule("slurm")
    cases, work = make_cases(tmp_path / "cases", 3), work_reference("odd")
    cases[0].inputs.images["scan"].write_text("orphaned")
    settings = RunSettings(on="slurm", workers=1, job=SMALL_JOB)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": allowed_failures}),
        store.swept(alone=True),
        engine(work, store, settings) as client,
    ):
        statuses = {status.case: (status.status, status.attempts) for status in results(client, cases, ahead=2)}
    assert statuses == {"case_000": ("failed", 2), "case_001": ("done", 1), "case_002": ("done", 1)}
    assert not list(store.folder.glob(".unfinished/*"))


@pytest.mark.slow
@pytest.mark.usefixtures("lost_soon")
@pytest.mark.parametrize(("number", "whole"), [(signal.SIGKILL, True), (signal.SIGTERM, True), (signal.SIGTERM, False)])
def test_a_job_that_ends_early_is_submitted_again_and_its_case_done(tmp_path, store, schedule, number, whole):
    scheduler = schedule("slurm")
    cases = make_cases(tmp_path / "cases", 6)
    ended = []

    def end_a_job():
        wait_until(store.names)
        ended.append(scheduler.living()[0])
        (os.killpg if whole else os.kill)(ended[0] if whole else scheduler.first_process(ended[0]), number)

    ending = threading.Thread(target=end_a_job)
    ending.start()
    settings = RunSettings(on="slurm", workers=1, job=SMALL_JOB)
    summary = run_cohort(cases, work_reference(seconds=1.0), store, settings, say=pytest.fail)
    ending.join()
    assert (summary.done, summary.failed) == (6, ())
    assert len(scheduler.scripts()) == 2
    assert len({store.status(case.name).worker.pid for case in cases}) == 2  # none that had ended was run again
    assert Counter(line.split("\t")[1] for line in (store.folder / "cohort.log").read_text().splitlines()) == {
        case.name: 1 for case in cases
    }
    wait_until(lambda: not scheduler.living())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_jobs_too(tmp_path, store, schedule, number):
    scheduler = schedule("slurm")
    make_cases(tmp_path / "cases", 20)
    process = start_cohort(tmp_path / "cases", store.folder, parameters={"seconds": 0.5}, on="slurm")
    wait_until(store.names)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    wait_until(lambda: not scheduler.living())
    assert not list(store.folder.glob(".unfinished/*"))


@pytest.mark.slow
@pytest.mark.slurm
def test_slurm_runs_the_cases_and_has_no_job_afterwards(tmp_path, store, slurm):
    cases = make_cases(tmp_path / "cases", 6)
    settings = RunSettings(on="slurm", workers=2, job=replace(SMALL_JOB, queue="short", walltime="00:05:00"))
    summary = run_cohort(cases, work_reference("surroundings", seconds=0.3), store, settings, say=pytest.fail)
    assert (summary.done, summary.failed) == (6, ())
    assert len({store.status(case.name).worker.pid for case in cases}) <= 2
    wait_until(lambda: not slurm("squeue", "-h"))
    assert any((store.folder / ".cohort/jobs").glob("dask-worker-*.err"))


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.usefixtures("lost_soon")
def test_a_job_that_is_cancelled_in_slurm_is_submitted_again(tmp_path, store, slurm):
    cases = make_cases(tmp_path / "cases", 4)
    seen = []

    def cancel_a_job():
        wait_until(store.names)
        seen.append(slurm("squeue", "-h", "-o", "%i"))
        slurm("scancel", seen[0])

    cancelling = threading.Thread(target=cancel_a_job)
    cancelling.start()
    settings = RunSettings(on="slurm", job=SMALL_JOB)
    summary = run_cohort(cases, work_reference(seconds=1.0), store, settings, say=pytest.fail)
    cancelling.join()
    assert (summary.done, summary.failed) == (4, ())
    assert len({store.status(case.name).worker.pid for case in cases}) == 2
    wait_until(lambda: not slurm("squeue", "-h"))


@pytest.mark.slow
@pytest.mark.slurm
def test_what_slurm_refuses_is_said(tmp_path, store, slurm):
    del slurm
    settings = RunSettings(on="slurm", job=replace(SMALL_JOB, queue="nowhere"))
    with pytest.raises(InputError, match="invalid partition"):
        run_cohort(make_cases(tmp_path / "cases", 1), work_reference(), store, settings, say=pytest.fail)


def test_a_missing_command_of_the_scheduler_is_said(tmp_path, store, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"pbs must take the workers' jobs, but: .* 'qsub'"):
        run_cohort(make_cases(tmp_path / "cases", 1), work_reference(), store, RunSettings(on="pbs"), say=pytest.fail)


def test_a_job_is_one_worker_of_one_thread_and_the_configuration_counts(store):
    job = JobSettings(queue="long", account="p7", walltime="04:00:00", directives=("--gres=gpu:1",))
    options = job_options(store, RunSettings(on="slurm", job=job), {"cores": 8, "worker-extra-args": ["--lifetime=1h"]})
    assert options == {
        "queue": "long",
        "account": "p7",
        "walltime": "04:00:00",
        "memory": "16GB",
        "job_extra_directives": ["--gres=gpu:1"],
        "processes": 1,
        "worker_extra_args": ["--lifetime=1h", "--nthreads", "1"],
        "log_directory": str(store.folder / ".cohort/jobs"),
        "scheduler_options": {"dashboard_address": "127.0.0.1:0"},
    }
    given = job_options(store, RunSettings(on="lsf", job=JobSettings(processors=2, memory="8GB", account="p7")), {})
    assert (given["cores"], given["memory"], given["project"]) == (2, "8GB", "p7")


def test_kubernetes_needs_a_specification(tmp_path, store):
    settings = RunSettings(on="kubernetes", job=JobSettings(specification=tmp_path / "none.yaml"))
    with pytest.raises(InputError, match=r"none\.yaml is no file"):
        run_cohort(make_cases(tmp_path / "cases", 1), work_reference(), store, settings, say=pytest.fail)


@pytest.fixture
def kubernetes(tmp_path, monkeypatch):
    """Settings for two workers of three threads on Kubernetes, and the stand-in for it."""
    if folder := os.environ.get("HNSEG_TEST_KUBERNETES"):
        monkeypatch.setattr(sys, "path", [*sys.path, folder])
    pytest.importorskip("dask_kubernetes", reason="dask-kubernetes is not installed, nor is HNSEG_TEST_KUBERNETES set")
    specification = tmp_path / "cluster.yaml"
    specification.write_text(SPECIFICATION)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with stand_in_kubernetes(tmp_path, worker_threads=3) as (stand_in, configuration):
        monkeypatch.setenv("KUBECONFIG", str(configuration))
        yield RunSettings(on="kubernetes", workers=2, job=JobSettings(specification=specification)), stand_in


@pytest.mark.slow
def test_kubernetes_runs_the_cases_and_has_no_pod_afterwards(tmp_path, store, kubernetes):
    settings, stand_in = kubernetes
    cases = make_cases(tmp_path / "cases", 8)
    summary = run_cohort(cases, work_reference(seconds=0.3), store, settings, say=pytest.fail)
    assert (summary.done, summary.failed) == (8, ())
    assert [store.output(case.name, "images/out.txt").read_text() for case in cases] == [
        f"patient {number}" for number in range(8)
    ]
    assert len({store.status(case.name).worker.pid for case in cases}) == 2
    assert stand_in.created == ["stand-in"]
    assert not any(stand_in.objects.values())
    assert all(worker.returncode is not None for worker in stand_in.workers)


def test_a_kubernetes_that_does_not_answer_is_said(tmp_path, store, kubernetes, monkeypatch):
    settings, stand_in = kubernetes
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none.yaml"))
    with pytest.raises(InputError, match=r"kubernetes must take the workers' jobs, but: .*kubectl get daskclusters"):
        run_cohort(make_cases(tmp_path / "cases", 1), work_reference(), store, settings, say=pytest.fail)
    assert stand_in.created == []


def test_another_file_than_a_specification_is_said(tmp_path, store, kubernetes):
    settings, stand_in = kubernetes
    settings.job.specification.write_text("workers: 2")
    with pytest.raises(InputError, match=r"cluster\.yaml a DaskCluster"):
        run_cohort(make_cases(tmp_path / "cases", 1), work_reference(), store, settings, say=pytest.fail)
    assert stand_in.created == []


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_no_job_and_the_same_command_goes_on(tmp_path, store, schedule):
    scheduler = schedule("slurm")
    cases = make_cases(tmp_path / "cases", 12)
    process = start_cohort(tmp_path / "cases", store.folder, parameters={"seconds": 0.5}, on="slurm", workers=2)
    wait_until(lambda: len(store.names()) > 2)
    process.kill()  # and with it Dask's scheduler
    process.wait()
    wait_until(lambda: not scheduler.living())
    kept = {name: store.status(name) for name in store.names()}
    assert 2 < len(kept) < 12
    settings = RunSettings(on="slurm", workers=2, job=SMALL_JOB)
    summary = run_cohort(cases, work_reference(seconds=0.5), store, settings, say=lambda _: None)
    assert (summary.done, summary.failed) == (12, ())
    assert {name: store.status(name) for name in kept} == kept
    assert not list(store.folder.glob(".unfinished/*"))
