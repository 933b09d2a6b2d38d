"""Loop over the cases of a cohort: what is done already, what is run, and how it ended. Read this first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hnseg.cohort.case import CohortCase
from hnseg.cohort.progress import log_line, watcher
from hnseg.cohort.running.engine import engine, results
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.lock import Shard, cohort_lock
from hnseg.cohort.state.standing import Standing, standing_of
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import WorkReference

_NAMED = 5  # cases that are named in a sentence


@dataclass(frozen=True)
class CohortSummary:
    """Outcome of a run.

    Attributes:
        done: Number of cases that are done now, by this run or before.
        failed: Names of the cases that have failed, in this run or before.
    """

    done: int
    failed: tuple[str, ...]


def run_cohort(
    cases: Sequence[CohortCase],
    work: WorkReference,
    store: CaseStore,
    settings: RunSettings,
    *,
    say: Callable[[str], None],
) -> CohortSummary:
    """Do some work on each case that it has not been done on, and keep each result as it comes.

    Stopped at any moment, by an exception or by the end of the process, it loses the cases that run; called again, it
    goes on with those.

    Args:
        cases: Cases with different names.
        work: Work to do.
        store: Store of results.
        settings: Settings of the run.
        say: Function that gets sentences on what is left out and what is done again.

    Raises:
        InputError: Another run holds the store, or the workers can't be started.
        OutputError: The store can't be written to.
        WorkError: The work can't be loaded.
    """
    with cohort_lock(store.own_folder(), settings.shard), store.swept(alone=settings.shard is None):
        mine = share_of(cases, settings.shard)
        for case in mine:
            store.check(case.name)
        standings = {case.name: standing_of(case, work.sha256, store) for case in mine}
        _tell(standings, settings, say)
        outcomes: dict[str, str] = {name: standing.kind for name, standing in standings.items()}
        if to_run := [case for case in mine if _is_to_run(standings[case.name], settings)]:
            outcomes |= _run(to_run, work, store, settings, say)
    failed = tuple(name for name, kind in outcomes.items() if kind == "failed")
    return CohortSummary(done=len(outcomes) - len(failed), failed=failed)


def _run(
    cases: Sequence[CohortCase],
    work: WorkReference,
    store: CaseStore,
    settings: RunSettings,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Do the work on each case and return how each ended, under its name."""
    ahead = 1 if settings.on == "local" else 0  # jobs join one by one: cases would wait at the first
    outcomes: dict[str, str] = {}
    with watcher(len(cases)) as watching, engine(work, store, settings) as client:
        for status in results(client, cases, ahead=ahead, say=say):
            log_line(store, status)
            watching.ended(status)
            outcomes[status.case] = status.status
    return outcomes


def share_of(cases: Iterable[CohortCase], shard: Shard | None) -> list[CohortCase]:
    """Return the cases of a share, sorted by name: every n-th of them, so that the shares are alike."""
    number, shards = shard or (1, 1)
    return sorted(cases, key=lambda case: case.name)[number - 1 :: shards]


def _is_to_run(standing: Standing, settings: RunSettings) -> bool:
    return standing.kind in ("new", "changed") or (standing.kind == "failed" and settings.retry_failed)


def _tell(standings: dict[str, Standing], settings: RunSettings, say: Callable[[str], None]) -> None:
    """Say how many cases were done before, which are done again and why, and which stay failed."""
    kinds = Counter(standing.kind for standing in standings.values())
    if kinds["done"]:
        say(f"{kinds['done']} of {len(standings)} cases are done already.")
    if kinds["failed"] and not settings.retry_failed:
        say(f"{kinds['failed']} failed before and stay as they are; --retry-failed tries them again.")
    reasons: dict[str, list[str]] = {}
    for name, standing in standings.items():
        if standing.why:
            reasons.setdefault(standing.why, []).append(name)
    for why, names in reasons.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        say(f"Done again, because {why}: {', '.join(names[:_NAMED])}{more}.")
