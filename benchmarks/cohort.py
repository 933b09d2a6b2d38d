"""Measure the loop over cases: its overhead, how often weights are loaded, and whether outputs are `hnseg run`'s.

    hnseg phantom hnts_mrg --cases 200 --seed 7000 --output cases
    python benchmarks/cohort.py run containers/hnts_mrg cases --model test_data/hnts_mrg/model --workers 2
    python benchmarks/cohort.py sleep --cases 2000 --seconds 1 --workers 2

Overhead is what the workers' time has beside the cases' own: seconds of the loop times workers, less the seconds of
all cases, over the seconds of all cases. `run` then does each case once more by `hnseg run`, on the processors of one
worker, and compares every output byte for byte. Tables are markdown.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.challenge_work import challenge_work
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.loop import run_cohort
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import Work, WorkReference
from hnseg.evaluation.tables import Table
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import processor_numbers
from hnseg.platform.challenge import load_challenge
from hnseg.platform.input_files import InputFiles


def main() -> int:
    """Run the loop and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    run = kinds.add_parser("run")
    run.add_argument("container", type=Path)
    run.add_argument("cases", type=Path)
    run.add_argument("--model", type=Path, required=True)
    sleep = kinds.add_parser("sleep")
    sleep.add_argument("--cases", type=int, default=2000)
    sleep.add_argument("--seconds", type=float, default=1.0)
    for each in (run, sleep):
        each.add_argument("--workers", type=int, default=2)
        each.add_argument("--output", type=Path, help="folder of results; a temporary one if left out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = given.output or Path(folder) / "results"
        if given.kind == "sleep":
            (Path(folder) / "case.txt").write_text("case", encoding="utf-8")
            files = InputFiles(images={"scan": Path(folder) / "case.txt"})
            cases = [CohortCase(name=f"case_{number:05}", inputs=files) for number in range(given.cases)]
            work = WorkReference(loader="cohort:sleep_work", parameters={"seconds": given.seconds}, identity={})
            print(measured(cases, work, CaseStore(output), given.workers).as_markdown())
            return 0
        challenge = load_challenge(given.container)
        found = find_cohort(given.cases, challenge.spec).cases
        work = challenge_work(given.container, open_bundle(given.model))
        store = CaseStore(output)
        print(measured(found, work, store, given.workers).as_markdown())
        differing = [case.name for case in found if not is_as_run_alone(case, given, store, Path(folder))]
        print(f"\noutputs that differ from `hnseg run`'s: {len(differing)} of {len(found)} {differing[:5] or ''}")
    return 0


def measured(cases: Sequence[CohortCase], work: WorkReference, store: CaseStore, workers: int) -> Table:
    """Run the loop and return the table of what it took."""
    started_s = time.monotonic()
    summary = run_cohort(cases, work, store, RunSettings(workers=workers), say=partial(print, file=sys.stderr))
    seconds = time.monotonic() - started_s
    statuses = [status for case in cases if (status := store.status(case.name))]
    own_s = sum(status.seconds for status in statuses)
    loads = {status.facts["runner"]["pid"] for status in statuses}
    headings = ("cases", "done", "workers", "loop (s)", "cases' own (s)", "overhead", "processes that loaded weights")
    row = (
        str(len(cases)), str(summary.done), str(workers), f"{seconds:.1f}", f"{own_s:.1f}",
        f"{(seconds * workers - own_s) / own_s:.1%}", str(len(loads)),
    )  # fmt: skip
    return Table(headings, (row,))


def is_as_run_alone(case: CohortCase, given: argparse.Namespace, store: CaseStore, folder: Path) -> bool:
    """Return whether `hnseg run` leaves the same files, byte for byte, on the processors of one worker."""
    output = folder / "alone" / case.name
    processors = processor_numbers()[: max(1, len(processor_numbers()) // given.workers)]
    subprocess.run(
        [
            Path(sys.executable).with_name("hnseg"), "run", given.container, "--input", case.inputs.inside,
            "--output", output, "--model", given.model,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=partial(os.sched_setaffinity, 0, processors),
    )  # fmt: skip
    status = store.status(case.name)
    files = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    same = partial(filecmp.cmp, shallow=False)
    return (
        status is not None
        and files == set(status.outputs)
        and all(same(output / path, store.output(case.name, path)) for path in files)
    )


def sleep_work(seconds: float) -> Work:
    """Return work that takes some time and leaves a small file."""

    def sleep(case: CohortCase, folder: Path) -> dict[str, str]:
        """Sleep, and write the case's name."""
        time.sleep(seconds)
        (folder / "out.txt").write_text(case.name, encoding="utf-8")
        return {}

    return sleep


if __name__ == "__main__":
    sys.exit(main())
