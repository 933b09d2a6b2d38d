"""One container that serves case after case: are its outputs those of a container each, and does its memory stay flat?

    hnseg phantom hecktor --cases 20 --seed 9000 --output held_out
    python benchmarks/invoke_in_a_row.py hecktor held_out

Builds both of the platform's generations, confines them to the challenge's limits, and posts the cases in turn into the
folders that one serving container has mounted; every file that it writes is compared byte by byte with that of a
container started for the case alone. Memory is what the programs hold, without the file cache, once the case has been
answered. A larger case than any before may leave it higher; what must not be is that it goes on growing, so --rounds
lets the same cases come again. Status 1 where an output differs.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hnseg.evaluation.tables import Table
from hnseg.imaging.files.checksum import sha256_of
from hnseg.platform.challenge import load_challenge
from hnseg.rehearsal.cases import CaseFolder, find_cases
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.running.container import (
    ContainerSetup,
    RunningContainer,
    run_exec,
    running_container,
    stop_container,
)
from hnseg.rehearsal.running.engine import find_engine
from hnseg.rehearsal.running.image import build_image, inspect_image
from hnseg.rehearsal.running.inside import probe
from hnseg.rehearsal.running.waiting import wait_for
from hnseg.rehearsal.running.workplace import Workplace, workplace

ROOT = Path(__file__).parents[1]
MIB = 2**20
LATER = 15  # the cases whose slope is told: the first few fill what is kept

Files = dict[str, str]
"""The checksum of each file below a folder, by its path."""


@dataclass(frozen=True)
class Alone:
    """What a container of its own made of a case, and in how many seconds."""

    seconds: float
    files: Files


@dataclass(frozen=True)
class Served:
    """A case that was posted.

    Attributes:
        name: The case's.
        seconds: Until the answer.
        memory_mib: What the container's programs held afterwards.
        peak_mib: The most that they held meanwhile.
        status: 201 when all went well.
        files: What it wrote.
    """

    name: str
    seconds: float
    memory_mib: float
    peak_mib: float
    status: int | None
    files: Files = field(default_factory=dict)


def main() -> int:
    """Run both generations, compare and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge")
    parser.add_argument("cases", type=Path, help="folder of hnseg phantom's cases")
    parser.add_argument("--model", type=Path, help="weights (default: test_data/CHALLENGE/model)")
    parser.add_argument("--edition", default="", help="of the challenge, where it has several")
    parser.add_argument("--rounds", type=int, default=1, help="how often all cases are served (default: %(default)s)")
    given = parser.parse_args()
    cases = find_cases(sorted(given.cases.glob("case_*")))
    model = (given.model or ROOT / "test_data" / given.challenge / "model").resolve()
    alone = dict(one_by_one(setup_of(given, "exec"), cases, model))
    served = list(in_a_row(setup_of(given, "invoke"), cases * given.rounds, model))
    differing = [case for case in served if case.status != 201 or case.files != alone[case.name].files]
    print(table_of(served, alone).as_markdown())
    print(f"\n{len(served) - len(differing)} of {len(served)} outputs are those of exec. {slope_in_words(served)}")
    return 1 if differing else 0


def setup_of(given: argparse.Namespace, api_method: str) -> ContainerSetup:
    """Build the image of one generation and return how it is confined."""
    container_dir, engine = ROOT / "containers" / given.challenge, find_engine()
    limits = load_challenge(container_dir, given.edition or None).spec.limits
    arguments = {"API_METHOD": api_method, "EDITION": given.edition, "BASE_IMAGE": os.environ.get("HNSEG_BASE_IMAGE")}
    tag = f"hnseg-{given.challenge}:in-a-row-{api_method}"
    build_image(engine, container_dir, tag=tag, arguments={name: text for name, text in arguments.items() if text})
    return ContainerSetup(engine, tag, profile_of(limits), 0, inspect_image(engine, tag).command)


def one_by_one(setup: ContainerSetup, cases: Iterable[CaseFolder], model: Path) -> Iterator[tuple[str, Alone]]:
    """Yield what a container of its own makes of each case."""
    for case in cases:
        with workplace(case, model) as work:
            done = run_exec(setup, work)
            if done.exit_code != 0:
                raise SystemExit(f"{case.name} failed by itself: {work.stderr.read_text()}")
            print(f"{case.name} by itself: {done.seconds:.1f} s", file=sys.stderr)
            yield case.name, Alone(done.seconds, files_below(work.output_dir))


def in_a_row(setup: ContainerSetup, cases: Sequence[CaseFolder], model: Path) -> Iterator[Served]:
    """Yield what one container answers to case after case."""
    profile = setup.profile
    with workplace(cases[0], model) as work, running_container(setup, work) as live:
        ask(setup, live, ("health", profile.health_limit_s, profile.health_call_limit_s))
        for case in cases:
            put(case, work)
            served = serve(setup, live, case)
            print(f"{case.name} in a row: {served.seconds:.1f} s, {served.memory_mib:.0f} MiB", file=sys.stderr)
            yield replace(served, files=files_below(work.output_dir))
        stop_container(setup, live)


def put(case: CaseFolder, work: Workplace) -> None:
    """Put a case into the mounted folders in place of the last one."""
    for folder in (work.input_dir, work.output_dir):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(case.input_dir, work.input_dir, dirs_exist_ok=True)
    for path in (work.input_dir, *work.input_dir.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def serve(setup: ContainerSetup, live: RunningContainer, case: CaseFolder) -> Served:
    """Have the case that lies in the mounted folders segmented."""
    seen: list[int] = []
    answer = ask(setup, live, ("invoke", setup.profile.time_limit_s), look=lambda: seen.append(live.memory.sample()))
    after = live.memory.sample()
    if after == 0:
        raise SystemExit("The container has ended, or this engine's control groups can't be read from here.")
    return Served(case.name, answer["seconds"], after / MIB, max(seen, default=after) / MIB, answer["status"])


def ask(
    setup: ContainerSetup, live: RunningContainer, words: Sequence[object], *, look: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """Call the server from inside its container, which has no network, and return what came of it."""
    program = ("exec", live.identifier, "python", "-c", inspect.getsource(probe))
    what, *limits = words
    command = [setup.engine.command, *program, what, setup.profile.port, *limits]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE) as process:
        wait_for(process, until=math.inf, sample=look)
        answer: dict[str, Any] = json.load(process.stdout) if process.stdout else {}
        return answer


def files_below(folder: Path) -> Files:
    """Return the checksums of all files of an output."""
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def table_of(served: Sequence[Served], alone: Mapping[str, Alone]) -> Table:
    """Return one row a case, in the order in which they were served."""
    rows = [
        (
            f"{number}. {case.name}",
            f"{alone[case.name].seconds:.1f}",
            f"{case.seconds:.1f}",
            f"{case.peak_mib:.0f}",
            f"{case.memory_mib:.0f}",
            "yes" if case.files == alone[case.name].files else "NO",
        )
        for number, case in enumerate(served, start=1)
    ]
    headings = ("case", "exec (s)", "invoke (s)", "most memory (MiB)", "memory afterwards (MiB)", "identical")
    return Table(headings, tuple(rows))


def slope_in_words(served: Sequence[Served]) -> str:
    """Say how memory went over the later cases."""
    later = [case.memory_mib for case in served[-LATER:]]
    slope, _ = np.polyfit(range(len(later)), later, 1)
    return (
        f"Over the last {len(later)} cases memory afterwards went from {later[0]:.0f} to {later[-1]:.0f} MiB, between"
        f" {min(later):.0f} and {max(later):.0f}; its slope is {slope:+.2f} MiB a case."
    )


if __name__ == "__main__":
    sys.exit(main())
