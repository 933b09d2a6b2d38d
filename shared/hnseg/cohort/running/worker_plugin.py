"""Plugin of Dask's workers: each gets a supervisor with a runner, which end with it."""

from __future__ import annotations

from collections.abc import Mapping

from distributed import Worker, WorkerPlugin, get_worker

from hnseg.cohort.case import CohortCase
from hnseg.cohort.running.supervisor import Share, Supervisor
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.cohort.state.status import CaseStatus
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import WorkReference

_SUPERVISORS: dict[str, Supervisor] = {}
"""Supervisors by the identifier of their worker; on one machine the workers share a process."""


class SupervisorPlugin(WorkerPlugin):
    """Plugin that gives every worker, also one that joins later, a supervisor of its own."""

    name = "hnseg-supervisor"

    def __init__(
        self,
        work: WorkReference,
        store: CaseStore,
        counts: AttemptCounts,
        settings: RunSettings,
        shares: Mapping[str, Share],
    ) -> None:
        """Describe the supervisors.

        Args:
            work: Work that each runner loads.
            store: Store that gets the results.
            counts: Counts of this run's attempts, which all workers share.
            settings: Settings of the run.
            shares: Share of the machine by the worker's name; a worker without one has all of it.
        """
        self._work = work
        self._store = store
        self._counts = counts
        self._settings = settings
        self._shares = shares

    def setup(self, worker: Worker) -> None:
        """Give a worker its supervisor."""
        share = self._shares.get(str(worker.name), Share())
        _SUPERVISORS[worker.id] = Supervisor(
            self._work,
            self._store,
            self._counts,
            share,
            limit_s=self._settings.limit_s,
            grace_s=self._settings.grace_s,
        )

    def teardown(self, worker: Worker) -> None:
        """End the supervisor of a worker that ends."""
        _SUPERVISORS.pop(worker.id).close()


def run_case(case: CohortCase) -> CaseStatus:
    """Run a case on the worker that calls this, and publish its result.

    Raises:
        WorkError: The work can't be loaded.
        OutputError: The result can't be written.
        StoppedError: The worker is being ended.
    """
    return _SUPERVISORS[get_worker().id].run(case)
