"""Supervisor of a runner: has it do one case after another, and takes care of those that it does not survive."""

from __future__ import annotations

import math
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.running.runner import Reply, Request, Start
from hnseg.cohort.running.runner_process import RunnerProcess
from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.cohort.state.standing import PROBLEM, input_stamps, standing_of
from hnseg.cohort.state.status import CaseStatus, Worker
from hnseg.cohort.state.store import REPORT_FOLDER, CaseStore
from hnseg.cohort.work import WorkReference
from hnseg.errors import DiedError, StoppedError, WorkError
from hnseg.imaging.files.visible import visible_in

ATTEMPTS = 2
"""Number of times that a run tries a case whose runner dies or has too little memory, or whose worker is lost."""
_LOST = (
    f"The worker that runs a case must live, but it was lost at attempt {ATTEMPTS} of {ATTEMPTS}. Did its job end, by"
    " the scheduler's limit of time or memory, or with its machine? The job's log may say."
)


@dataclass(frozen=True)
class Share:
    """Share of a machine that a runner gets.

    Attributes:
        processors: Numbers of its processors; empty for all.
        ram_gib: Memory that it may have; None for no limit of its own.
        gpu: Number or identifier of its GPU; None for what the environment says.
    """

    processors: tuple[int, ...] = ()
    ram_gib: float | None = None
    gpu: str | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables of the runner, beside those of its parent."""
        return {} if self.gpu is None else {"CUDA_VISIBLE_DEVICES": self.gpu}


class Supervisor:
    """Supervisor of one runner, which is started for the first case, and anew after its end."""

    def __init__(
        self,
        work: WorkReference,
        store: CaseStore,
        counts: AttemptCounts,
        share: Share = Share(),
        *,
        limit_s: float = math.inf,
        grace_s: float = 30.0,
    ) -> None:
        """Supervise a runner that is not started yet.

        Args:
            work: Work that the runner loads.
            store: Store that gets the results.
            counts: Counts of the attempts, which outlive this supervisor with its worker.
            share: Share of the machine that the runner gets.
            limit_s: Seconds that a case may take, to which the work keeps by itself.
            grace_s: Seconds after them, or a tenth of them if that is more, until the runner is killed.
        """
        self._work = work
        self._store = store
        self._counts = counts
        self._share = share
        self._limit_s = limit_s
        self._killed_after_s = limit_s + max(grace_s, limit_s / 10)
        self._runner: RunnerProcess | None = None
        self._is_closed = False
        self._turn = threading.Lock()  # held while a case runs: a worker of Kubernetes may have several threads
        self._lock = threading.Lock()  # held while a runner is started or ended

    def run(self, case: CohortCase) -> CaseStatus:
        """Run a case and publish its result, also where it fails; of several threads one after another.

        A case that is done already is not run: a worker that was lost before it could tell had published it. One whose
        attempts have all begun, at workers that were lost since, fails.

        Raises:
            WorkError: The work can't be loaded.
            OutputError: The result can't be written.
            StoppedError: `close` was called before the end.
        """
        with self._turn:
            status = self._store.status(case.name)
            if standing_of(case, self._work.sha256, self._store).kind != "done":
                status = None
            while status is None:
                status = self._attempt(case, self._begin(case))
            self._counts.forget(case.name)
        return status

    def close(self) -> None:
        """End the runner at once, for good; a case that runs is lost, and nothing of it is published."""
        with self._lock:
            self._is_closed = True
            self._end_runner()

    def _begin(self, case: CohortCase) -> int:
        """Count an attempt and return its number; a worker that is ending begins none."""
        with self._lock:
            if self._is_closed:
                raise StoppedError
            return self._counts.begin(case.name)

    def _attempt(self, case: CohortCase, attempt: int) -> CaseStatus | None:
        """Try a case, and publish its result; None where it is to be tried again."""
        with self._store.provisional() as made:
            reply = self._reply_to(case, made) if attempt <= ATTEMPTS else Reply(kind="failed", reason=_LOST)
            if self._is_closed:
                raise StoppedError
            if reply.kind in ("memory", "died"):
                self._drop_runner()
                if attempt < ATTEMPTS:
                    return None
            status = self._status_of(case, reply, min(attempt, ATTEMPTS))
            if status.status == "failed":
                _keep_report_only(made)
            self._store.publish(status, made)
        return status

    def _reply_to(self, case: CohortCase, made: Path) -> Reply:
        if case.problem:
            return Reply(kind="failed", reason=case.problem, facts={PROBLEM: case.problem})
        started_s = time.monotonic()
        runner = self._ready_runner()
        timeout_s = None if math.isinf(self._killed_after_s) else self._killed_after_s
        facts = {"runner": {"pid": runner.pid}}
        try:
            reply = runner.ask(Request(case=case, folder=made), timeout_s)
        except DiedError as end:
            return Reply(kind="died", reason=_death_in_words(end), seconds=time.monotonic() - started_s, facts=facts)
        if reply is None:
            self._drop_runner()
            reason = (
                f"The case must end within {self._limit_s:g} s, but it did not end"
                f" {self._killed_after_s - self._limit_s:g} s after that either, and was stopped."
                " Does a library hang, or is a file on a drive that does not answer?"
            )
            return Reply(kind="failed", reason=reason, seconds=time.monotonic() - started_s, facts=facts)
        return reply

    def _ready_runner(self) -> RunnerProcess:
        """Return the runner, with its work loaded.

        Raises:
            WorkError: The work can't be loaded.
            StoppedError: `close` was called.
        """
        end = ""
        for _ in range(ATTEMPTS):
            with self._lock:
                if self._is_closed:
                    raise StoppedError
                if self._runner is not None:
                    return self._runner
                self._runner = RunnerProcess(self._share.environment)
                runner = self._runner
            start = Start(work=self._work, processors=self._share.processors, ram_gib=self._share.ram_gib)
            try:
                reply = runner.ask(start)
            except DiedError as error:
                end = str(error)
                self._drop_runner()
                continue
            if reply is None or reply.kind != "ready":
                self._drop_runner()
                raise WorkError(reply.reason if reply else "The work can't be loaded.")
            return runner
        if self._is_closed:
            raise StoppedError
        raise WorkError(
            f"The process that loads the model must live, but {end}, {ATTEMPTS} times. Is there enough memory for each"
            " worker?"
        )

    def _drop_runner(self) -> None:
        with self._lock:
            self._end_runner()

    def _end_runner(self) -> None:
        if self._runner is not None:
            self._runner.end()
            self._runner = None

    def _status_of(self, case: CohortCase, reply: Reply, attempt: int) -> CaseStatus:
        pid = reply.facts.get("runner", {}).get("pid")
        return CaseStatus(
            case=case.name,
            status="done" if reply.kind == "done" else "failed",
            reason=reply.reason,
            attempts=attempt,
            seconds=round(reply.seconds, 3),
            ended=datetime.now(timezone.utc),
            worker=Worker(host=socket.gethostname(), pid=pid, gpu=self._share.gpu or "") if pid else None,
            work_sha256=self._work.sha256,
            inputs=reply.inputs or input_stamps(case),
            outputs=reply.outputs,
            facts=reply.facts,
        )


def _death_in_words(end: DiedError) -> str:
    cause = "Does a library crash on an image?"
    if "SIGKILL" in str(end):
        cause = "The kernel does that where memory ends: has each worker enough?"
    return f"The process that runs a case must live, but {end} at attempt {ATTEMPTS} of {ATTEMPTS}. {cause}"


def _keep_report_only(made: Path) -> None:
    """Remove what a failed case left; its log stays."""
    for path in visible_in(made):
        if path.name != REPORT_FOLDER:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
