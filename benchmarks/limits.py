"""Wall clock of whole containers under time limits, beside busy processes: does a container keep the limit it was told?

    docker build -f containers/Dockerfile --build-arg CHALLENGE=hnts_mrg -t hnseg-hnts_mrg .
    python benchmarks/limits.py

The case and the ensemble of five folds are those of the tests for which everything would take minutes. The time is the
engine's own, from the container's `StartedAt` to its `FinishedAt`, imports and ending included. Meanwhile, processes of
this script keep as many processors busy. `left` is what was left of the limit; where it is negative, the status is 1.
`last line to end` is what follows the provenance, where there is a label map.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from hnseg.evaluation.tables import Table
from hnseg.rehearsal.running.engine import Engine, find_engine

ROOT = Path(__file__).parents[1]
HEADER = (
    "limit (s)",
    "runs",
    "ended after, least / median / most (s)",
    "left, least (s)",
    "last line to end, median / most (s)",
    "kept",
    "outcome",
)


@dataclass(frozen=True)
class Ended:
    """End of one container.

    Attributes:
        taken_s: Seconds from its start to its end, by the engine.
        last_line_s: Seconds from its last line, the provenance, to its end; None where there was no label map.
        outcome: What it left, in words.
    """

    taken_s: float
    last_line_s: float | None
    outcome: str


def main() -> int:
    """Run, and print a row for each limit; status 1 where a limit was not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default="hnseg-hnts_mrg", help="tag of the built image (default: %(default)s)")
    parser.add_argument("--limits-s", type=float, nargs="+", default=[12, 20, 30, 60])
    parser.add_argument("--repeats", type=int, default=10, help="runs of each limit (default: %(default)s)")
    parser.add_argument("--busy", type=int, default=2, help="busy processes beside it (default: %(default)s)")
    given = parser.parse_args()
    engine = find_engine()
    ended: dict[float, list[Ended]] = {limit_s: [] for limit_s in given.limits_s}
    with tempfile.TemporaryDirectory() as folder, busy_processes(given.busy):
        with redirect_stdout(sys.stderr):  # nnU-Net talks
            make_case(Path(folder))
        for repeat in range(given.repeats):
            for limit_s in given.limits_s:
                one = run(engine, given.image, Path(folder), limit_s)
                ended[limit_s].append(one)
                print(f"run {repeat + 1}, {limit_s:g} s: {one}", file=sys.stderr, flush=True)
    print(Table(HEADER, tuple(row(limit_s, runs) for limit_s, runs in ended.items())).as_markdown())
    return int(any(one.taken_s > limit_s for limit_s, runs in ended.items() for one in runs))


@contextmanager
def busy_processes(number: int) -> Iterator[None]:
    """Keep so many processors busy."""
    processes = [multiprocessing.Process(target=_compute, daemon=True) for _ in range(number)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def _compute() -> None:
    while True:
        sum(range(100_000))


def make_case(folder: Path) -> None:
    """Write the case and the ensemble, which any user may read."""
    sys.path.insert(0, str(ROOT))
    from tests.conftest import HNTS_LABELS
    from tests.support.nnunet_oracle import Wanted, write_bundle, write_results
    from tests.support.small_case import LONG_ZYX, write_small_case
    from tests.support.small_challenges import HNTS_MRG

    write_small_case(folder / "input", shape_zyx=LONG_ZYX)
    wanted = Wanted(
        **{
            "labels": HNTS_LABELS,
            "channel_names": ["T2w", "noNorm"],
            "patch": (8, 32, 32),
            "spacing_mm": (2.0, 1.0, 1.0),
            **HNTS_MRG.model,
        }
    )
    write_bundle(write_results(wanted, (0, 1, 2, 3, 4), folder / "results"), folder / "model", wanted.configuration)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def run(engine: Engine, image: str, folder: Path, limit_s: float) -> Ended:
    """Run one container to its end."""
    name = f"hnseg-limits-{time.monotonic_ns()}"
    with tempfile.TemporaryDirectory(dir=folder) as output:
        Path(output).chmod(0o777)
        mounts = {folder / "input": "/input:ro", folder / "model": "/opt/ml/model:ro", output: "/output"}
        volumes = [f"--volume={source}:{target}" for source, target in mounts.items()]
        engine.ask(
            "run", "--detach", f"--name={name}", "--network=none", *volumes, f"--env=HNSEG_LIMIT_S={limit_s}", image
        )
        try:
            status = int(engine.ask("wait", name, timeout_s=limit_s + 120))
            start, end = engine.ask("inspect", "--format", "{{.State.StartedAt}} {{.State.FinishedAt}}", name).split()
            lines = engine.ask("logs", "--timestamps", name).splitlines()
        finally:
            engine.ask("rm", "--force", name)
        is_written = any(Path(output).rglob("*.mha"))
    said_at = lines[-1].split(" ", 1)[0] if status == 0 else None
    return Ended(
        taken_s=_seconds_between(start, end),
        last_line_s=_seconds_between(said_at, end) if said_at else None,
        outcome=f"{'label map' if is_written else 'sentence'}, status {status}",
    )


def _seconds_between(start: str, end: str) -> float:
    first, last = (datetime.strptime(text.rstrip("Z")[:26], "%Y-%m-%dT%H:%M:%S.%f") for text in (start, end))
    return (last - first).total_seconds()


def row(limit_s: float, runs: Sequence[Ended]) -> tuple[str, ...]:
    """Return the cells of a row."""
    taken_s = [one.taken_s for one in runs]
    last_line_s = [one.last_line_s for one in runs if one.last_line_s is not None]
    outcomes = Counter(one.outcome for one in runs)
    return (
        f"{limit_s:g}",
        str(len(runs)),
        f"{min(taken_s):.2f} / {median(taken_s):.2f} / {max(taken_s):.2f}",
        f"{limit_s - max(taken_s):.2f}",
        f"{median(last_line_s):.2f} / {max(last_line_s):.2f}" if last_line_s else "",
        f"{sum(taken <= limit_s for taken in taken_s)} of {len(runs)}",
        "; ".join(f"{number} {outcome}" for outcome, number in outcomes.items()),
    )


if __name__ == "__main__":
    sys.exit(main())
