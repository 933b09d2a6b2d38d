"""Campaign: all kinds of trials, in several processes, with a table of counts in the end."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz import cases, models, requests, signals
from tests.fuzz.trial import Verdict, keep
from tests.fuzz.volumes import good_cases

ROOT = Path(__file__).parents[2]
WORDS = ("accepted", "refused", "fault")
_SHARES = {kind: share for kind, (share, _) in cases.KINDS.items()} | models.KINDS | signals.KINDS


@dataclass(frozen=True)
class Plan:
    """Extent of a campaign.

    Attributes:
        count: Inputs of cases; those of other groups are in proportion to 10,000.
        seed: Seed of all random choices.
        kind: Part of the names of the kinds to try; empty for all.
        jobs: Processes at a time.
        output: Folder that receives the table, and inputs with a fault below its `faults`.
    """

    count: int
    seed: int
    kind: str
    jobs: int
    output: Path

    def share(self, of_10_000: int) -> int:
        """Return the number of trials of a kind."""
        return max(1, round(of_10_000 * self.count / 10_000))


class Job(NamedTuple):
    """Trial to be run: its kind, its number in it, and an example of hypothesis or None."""

    kind: str
    number: int
    example: Any


class Outcome(NamedTuple):
    """Verdict on a job."""

    kind: str
    number: int
    verdict: Verdict


class _Worker:
    """What each process needs; set before the processes are forked."""

    plan: Plan
    work: Path
    model_folders: dict[str, Path]


def run(plan: Plan) -> int:
    """Run a campaign and print its progress and its table; 1 where there was a fault."""
    began = time.monotonic()
    shutil.rmtree(plan.output / "faults", ignore_errors=True)
    plan.output.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    try:
        with tempfile.TemporaryDirectory(prefix="hnseg-fuzz-") as work:
            _prepare(plan, Path(work))
            outcomes.extend(_reported(_outcomes(plan), began))
    finally:  # a campaign that is cut off has its counts too
        table = table_of(outcomes)
        (plan.output / "table.md").write_text(table, encoding="utf-8")
    minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"{table}\nSeed {plan.seed}, {minutes:.1f} minutes, {plan.jobs} processes.\n")
    for outcome in outcomes:
        if outcome.verdict.word == "fault":
            sys.stdout.write(f"FAULT {outcome.kind} {outcome.number}: {outcome.verdict.reason}\n")
    return int(any(outcome.verdict.word == "fault" for outcome in outcomes))


def table_of(outcomes: Iterable[Outcome]) -> str:
    """Return the counts as a table in Markdown, a row a kind, in the order of their definition."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.kind, Counter())[outcome.verdict.word] += 1
    total = sum(counts.values(), Counter())
    lines = ["| kind | tried | accepted | refused | faults |", "|---|---:|---:|---:|---:|"]
    order = [*_SHARES, requests.KIND]
    for kind, count in [*sorted(counts.items(), key=lambda row: order.index(row[0])), ("all", total)]:
        lines.append(f"| {kind} | {count.total():,} | " + " | ".join(f"{count[word]:,}" for word in WORDS) + " |")
    return "\n".join(lines) + "\n"


def _prepare(plan: Plan, work: Path) -> None:
    """Make the models, and import all that the trials need, without computing anything."""
    subprocess.run(
        [sys.executable, "-m", "tests.fuzz.make_models", work / "models"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    _Worker.plan, _Worker.work = plan, work
    _Worker.model_folders = {case.challenge: work / "models" / case.challenge / "bundle" for case in good_cases()}
    _warm_up()


def _warm_up() -> None:
    import hnseg.pipeline  # noqa: F401
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    for case in good_cases():
        __import__(f"containers.{case.challenge}.method")
        load_ensemble(open_bundle(_Worker.model_folders[case.challenge]), device="cpu", backend="torch")


def _jobs(plan: Plan) -> list[Job]:
    """Return all jobs in a random order, so that the progress tells of every kind."""
    jobs = []
    for kind, share in _SHARES.items():
        if plan.kind in kind:
            count = plan.share(share)
            examples = cases.examples_of(kind, count, plan.seed)
            jobs += [Job(kind, number, example) for number, example in enumerate(examples)]
    random.Random(plan.seed).shuffle(jobs)
    return jobs


def _outcomes(plan: Plan) -> Iterator[Outcome]:
    context = get_context("fork")
    with ProcessPoolExecutor(plan.jobs, context, _stay_on_one, (context.Value("i", 0),)) as pool:
        yield from pool.map(_try, _jobs(plan), chunksize=4)
    if plan.kind in requests.KIND:
        yield from (
            Outcome(requests.KIND, number, verdict)
            for number, verdict in enumerate(
                requests.try_requests(plan.share(1000), plan.seed, _Worker.work, _Worker.model_folders)
            )
        )


def _stay_on_one(started: Any) -> None:
    """Keep this process and its children on one processor, so that torch computes with one thread."""
    with started.get_lock():
        number, started.value = started.value, started.value + 1
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {usable[number % len(usable)]})


def _try(job: Job) -> Outcome:
    name = f"{_Worker.plan.seed}/{job.kind}/{job.number}"
    folder = Path(tempfile.mkdtemp(dir=_Worker.work))
    if job.kind in cases.KINDS:
        trial, verdict = cases.try_case(job.kind, name, job.example, folder, _Worker.model_folders)
    elif job.kind in models.KINDS:
        trial, verdict = models.try_model(job.kind, name, folder, _Worker.work / "models")
    else:
        trial, verdict = signals.try_signal(job.kind, name, folder, _Worker.model_folders)
    if verdict.word == "fault":
        keep(trial, verdict, _Worker.plan.output / "faults" / name.replace("/", "-").replace(" ", "_"))
    else:
        _remove(folder)
    return Outcome(job.kind, job.number, verdict)


def _remove(folder: Path) -> None:
    """Remove a trial's folder, in which some folders may forbid it."""
    for at, names, _ in os.walk(folder):
        for name in names:
            path = Path(at) / name
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _reported(outcomes: Iterable[Outcome], began: float) -> Iterator[Outcome]:
    """Pass outcomes on, and print each fault and a line now and then."""
    faults, told = 0, began
    for tried, outcome in enumerate(outcomes, start=1):
        if outcome.verdict.word == "fault":
            faults += 1
            sys.stdout.write(f"FAULT {outcome.kind} {outcome.number}: {outcome.verdict.reason[:300]}\n")
        if time.monotonic() - told > 10:
            told = time.monotonic()
            sys.stdout.write(f"{tried} tried in {told - began:.0f} s, {faults} faults\n")
        sys.stdout.flush()
        yield outcome
