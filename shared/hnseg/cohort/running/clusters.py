"""Clusters of jobs: dask-jobqueue's for the schedulers of high-performance computing, and Kubernetes."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import InputError
from hnseg.signals import STOPPING

_CLASSES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
_ACCOUNT = {"slurm": "account", "pbs": "account", "lsf": "project", "sge": "project"}
_PROCESSORS, _MEMORY = 4, "16GB"
"""Processors and memory of a job where neither the settings nor Dask's configuration say."""


@contextmanager
def cluster_of_jobs(store: CaseStore, settings: RunSettings) -> Iterator[Any]:
    """Submit the jobs of the workers, and remove them afterwards; a job that ends early is submitted again.

    Raises:
        InputError: The scheduler or its package is not there, or does not take a job.
    """
    with _started(store, settings) as cluster:
        number = settings.number_of_workers
        try:
            if settings.on == "kubernetes":
                cluster.scale(number)
            else:
                cluster.sync(_submit, cluster, number)
                cluster.adapt(minimum_jobs=number, maximum_jobs=number)
        except (OSError, RuntimeError, ValueError) as error:
            raise _refused(settings, error) from error
        yield cluster


async def _submit(cluster: Any, number: int) -> None:
    """Submit the first jobs, and wait until they are taken or refused; `adapt` alone would try on without a word."""
    cluster.scale(jobs=number)
    await cluster


def job_options(store: CaseStore, settings: RunSettings, configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return what dask-jobqueue is to be told of a job; the rest it takes from Dask's configuration.

    A job is one worker of one thread for Dask, whose runner uses all of the job's processors.

    Args:
        store: Store of results, which gets the jobs' logs.
        settings: Settings of the run.
        configured: Dask's configuration of this scheduler.
    """
    job = settings.job
    logs = store.own_folder() / "jobs"
    logs.mkdir(exist_ok=True)
    given = {
        "queue": job.queue,
        _ACCOUNT[settings.on]: job.account,
        "walltime": job.walltime,
        "cores": job.processors or (None if configured.get("cores") else _PROCESSORS),
        "memory": job.memory or (None if configured.get("memory") else _MEMORY),
        "job_extra_directives": list(job.directives) or None,
    }
    return {
        **{name: value for name, value in given.items() if value is not None},
        "processes": 1,
        "worker_extra_args": [*(configured.get("worker-extra-args") or []), "--nthreads", "1"],
        "log_directory": str(logs),
        "scheduler_options": {"dashboard_address": "127.0.0.1:0", **(configured.get("scheduler-options") or {})},
    }


@contextmanager
def _started(store: CaseStore, settings: RunSettings) -> Iterator[Any]:
    cluster = _kubernetes(settings) if settings.on == "kubernetes" else _jobs(store, settings)
    try:
        yield cluster
    finally:
        if settings.on != "kubernetes":
            _give_up_refused(cluster.workers)
        cluster.close()


def _give_up_refused(jobs: Mapping[Any, Any]) -> None:
    """Mark the jobs that the scheduler did not take as closed: Dask would wait for them to have been."""
    from distributed import Status

    for job in jobs.values():
        if job.job_id is None:
            job.status = Status.closed


def _jobs(store: CaseStore, settings: RunSettings) -> Any:
    try:
        import dask

        with _handlers_kept():
            import dask_jobqueue
    except ImportError as error:
        raise InputError(
            f"Jobs are submitted by dask-jobqueue, which is not installed here ({error.name} is missing)."
            ' Install it with: pip install "hnseg[cluster]"'
        ) from error
    options = job_options(store, settings, dask.config.get(f"jobqueue.{settings.on}", {}))
    try:
        return getattr(dask_jobqueue, _CLASSES[settings.on])(silence_logs=logging.CRITICAL, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise _refused(settings, error) from error


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep what signals do: importing dask-jobqueue 0.9 has SIGINT end the program with status 0."""
    former = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in former.items():
                signal.signal(number, handler)


def _kubernetes(settings: RunSettings) -> Any:
    specification = settings.job.specification
    if specification is None or not specification.is_file():
        raise InputError(
            "For Kubernetes the specification of a DaskCluster must be given as a YAML file (--cluster-file), but"
            f" {specification or 'none'} is no file."
        )
    try:
        import kr8s
        from dask_kubernetes.operator import KubeCluster
    except ImportError as error:
        raise InputError(
            f"Kubernetes is used by dask-kubernetes, which is not installed here ({error.name} is missing)."
            ' Install it with: pip install "hnseg[kubernetes]"'
        ) from error
    try:
        kr8s.api().version()  # a KubeCluster that can't reach it tries so again at exit, and prints its stack
        return KubeCluster(custom_cluster_spec=str(specification), quiet=True)
    except Exception as error:  # the errors of several libraries below it have no base of their own
        raise _refused(settings, error) from error


def _refused(settings: RunSettings, error: Exception) -> InputError:
    said = " ".join(str(error).split()) or type(error).__name__
    question = "Are its commands on the PATH of this machine?"
    if settings.on == "kubernetes":
        question = f"Does `kubectl get daskclusters` work here, and is {settings.job.specification} a DaskCluster?"
    return InputError(f"{settings.on} must take the workers' jobs, but: {said.removesuffix('.')}. {question}")
