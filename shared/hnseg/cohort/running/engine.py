"""Engine of a cohort: Dask, which has workers on this machine or on others run one case each at a time.

It holds no state that would be missed: a case's result is published by its worker, and what was not is run again. How
often a case has begun is counted by the workers, in files: Dask holds the loss of a worker also against the cases that
waited there.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from hnseg.cohort.case import CohortCase
from hnseg.cohort.running.supervisor import Share
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.status import CaseStatus
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import WorkReference
from hnseg.errors import InputError
from hnseg.machine import limit_gib, processor_numbers

if TYPE_CHECKING:
    from distributed import Client, Future

logger = logging.getLogger(__name__)

_ALONE_S = 120.0  # without a worker until that is said
_POLL_S = 2.0  # after which workers that joined get their cases
_CONFIGURATION = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.admin.tick.limit": "1h",  # a worker that hashes a large file is not worth a warning
}


@contextmanager
def engine(work: WorkReference, store: CaseStore, settings: RunSettings) -> Iterator[Client]:
    """Start the workers, and end them afterwards with whatever they do.

    Raises:
        InputError: Dask is not installed, or the scheduler can't be used.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise InputError(
            f"Many cases are run by Dask, which is not installed here ({error.name} is missing)."
            ' Install it with: pip install "hnseg[cluster]"'
        ) from error
    from hnseg.cohort.running.worker_plugin import SupervisorPlugin

    for name in ("distributed", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as started:
        started.enter_context(dask.config.set(_CONFIGURATION))
        counts = started.enter_context(store.attempt_counts())
        cluster = started.enter_context(_cluster(store, settings))
        client = started.enter_context(Client(cluster))
        client.register_plugin(SupervisorPlugin(work, store, counts, settings, _shares(settings)))
        yield client


def results(
    client: Client,
    cases: Iterable[CohortCase],
    *,
    ahead: int = 0,
    say: Callable[[str], None] = logger.info,
) -> Iterator[CaseStatus]:
    """Yield the status of each case as it ends.

    Args:
        client: Client of the engine.
        cases: Cases to run.
        ahead: Number of cases that wait at each worker for the one that it runs.
        say: Function that gets a sentence each time that no worker has been there for long.

    Raises:
        WorkError: The work can't be loaded.
        OutputError: A result can't be written.
    """
    from distributed import wait

    from hnseg.cohort.running.worker_plugin import run_case

    waiting = deque(cases)
    running: dict[Future[CaseStatus], CohortCase] = {}
    alone = _Alone(say)
    numbers = count()
    while waiting or running:
        workers = len(client.nthreads())
        alone.see(workers)
        while waiting and len(running) < (1 + ahead) * max(1, workers):
            case = waiting.popleft()
            running[client.submit(run_case, case, key=f"case-{case.name}-{next(numbers)}", pure=False)] = case
        try:
            ended = wait(list(running), timeout=_POLL_S, return_when="FIRST_COMPLETED").done
        except asyncio.TimeoutError:  # the builtin one from Python 3.11 on
            continue
        for future in ended:
            case, status = running.pop(future), _status_of(future)
            future.release()  # or Dask would run the case again where the worker is lost that keeps its status
            if status is None:
                waiting.appendleft(case)
            else:
                yield status


class _Alone:
    """Watch over a time without workers, which a full queue and jobs that can't start both look like."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._since_s = time.monotonic()

    def see(self, workers: int) -> None:
        """Take note of how many workers there are now."""
        if workers == 0 and time.monotonic() - self._since_s > _ALONE_S:
            self._say("No worker is there. Are the jobs still queued, or do they end at once? Their logs may say.")
            workers = 1
        if workers:
            self._since_s = time.monotonic()


def _status_of(future: Future[CaseStatus]) -> CaseStatus | None:
    """Return the status of a case that has ended; None where Dask gave the case up, which need not have begun."""
    from distributed.scheduler import KilledWorker

    try:
        status: CaseStatus = future.result()
    except KilledWorker:
        return None
    return status


@contextmanager
def _cluster(store: CaseStore, settings: RunSettings) -> Iterator[Any]:
    if settings.on != "local":
        from hnseg.cohort.running.clusters import cluster_of_jobs

        with cluster_of_jobs(store, settings) as jobs:
            yield jobs
        return
    import dask
    from distributed import LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="hnseg-cohort-") as folder,
        dask.config.set({"temporary-directory": folder}),  # the scheduler's too, which would leave it behind
        LocalCluster(
            n_workers=settings.number_of_workers,
            threads_per_worker=1,
            processes=False,  # what runs the cases is a process of each worker's own
            dashboard_address="127.0.0.1:0",  # any free port; None would be a certain one
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


def _shares(settings: RunSettings) -> Mapping[str, Share]:
    """Return the share of this machine of each worker, by its name; empty where jobs have shares of their own."""
    if settings.on != "local":
        return {}
    workers = settings.number_of_workers
    numbers = processor_numbers()
    ram_gib = settings.ram_gib if settings.ram_gib or workers == 1 else limit_gib() / workers
    return {
        str(worker): Share(
            processors=() if workers == 1 else _part(numbers, worker, workers),
            ram_gib=ram_gib,
            gpu=settings.gpus[worker] if settings.gpus else None,
        )
        for worker in range(workers)
    }


def _part(numbers: list[int], worker: int, workers: int) -> tuple[int, ...]:
    """Return a worker's processors: as many as any, and none that another has while there is one for each."""
    if workers >= len(numbers):
        return (numbers[worker % len(numbers)],)
    return tuple(numbers[worker * len(numbers) // workers : (worker + 1) * len(numbers) // workers])
