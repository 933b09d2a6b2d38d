"""Time from start to a loaded ensemble and to the first tile, as a container and as a plain process; and what takes it.

    docker build -f containers/Dockerfile --build-arg CHALLENGE=hnts_mrg -t hnseg-hnts_mrg .
    python benchmarks/cold_start.py hnts_mrg

The entry point logs how long after its process's start the ensemble was loaded and the first network saw the first
tile; beside it stands how long that took seen from outside, the container engine's own work included. All ways are
started in turn, so that a busy machine slows all alike. The first start of each may find its files not yet in memory
and stands alone. What takes the time up to the loaded ensemble is told by `cold_start_steps.py`, started in the same
turn; what comes after it by when the entry point's lines arrive. Without a container engine there is one row.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hnseg.errors import EngineError
from hnseg.evaluation.tables import Table
from hnseg.rehearsal.running.engine import Engine, find_engine

ROOT = Path(__file__).parents[1]
STEPS = Path(__file__).with_name("cold_start_steps.py")
LOADED, FIRST_TILE = "ensemble loaded", "first tile"
EVENT = re.compile(rf"^({LOADED}|{FIRST_TILE}) ([\d.]+) s after process start")
STAGE = re.compile(r"^(read|prepare): [\d.]+ s")
SHARES = {"read": "read", "prepare": "prepare", FIRST_TILE: "to the network's grid, the first tile"}
"""What came to its end with a line of the log, after the ensemble was loaded."""


@dataclass(frozen=True)
class Folders:
    """What is mounted, or given as an argument."""

    input_dir: Path
    output_dir: Path
    model_dir: Path


@dataclass(frozen=True)
class Start:
    """One start, until the first tile was seen.

    Attributes:
        own_s: When it was loaded and saw the first tile, as it says itself, from the process's start.
        outside_s: When lines arrived, from the command's start; stages too.
        steps_s: What a start of the same kind took for each step until it was loaded.
    """

    own_s: Mapping[str, float]
    outside_s: Mapping[str, float]
    steps_s: Mapping[str, float]

    @property
    def all_steps_s(self) -> dict[str, float]:
        """What each step took, until the first tile was seen."""
        arrived = [(name, self.outside_s[name]) for name in (LOADED, *SHARES)]
        later = {SHARES[name]: end - since for (_, since), (name, end) in itertools.pairwise(arrived)}
        return {**self.steps_s, **later}


def main() -> int:
    """Print a row for each way to start, and one for each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge")
    parser.add_argument("--image", help="tag of the built image (default: hnseg-CHALLENGE)")
    parser.add_argument("--case", type=Path, help="folder with input/ (default: test_data/CHALLENGE/case_000)")
    parser.add_argument("--model", type=Path, help="weights (default: test_data/CHALLENGE/model)")
    parser.add_argument("--repeats", type=int, default=6, help="starts of each (default: %(default)s)")
    given = parser.parse_args()
    image = given.image or f"hnseg-{given.challenge}"
    shipped = ROOT / "test_data" / given.challenge
    engine = engine_here()
    with tempfile.TemporaryDirectory() as output:
        Path(output).chmod(0o777)
        folders = Folders(
            (given.case or shipped / "case_000").resolve() / "input",
            Path(output),
            (given.model or shipped / "model").resolve(),
        )
        ways = {}
        if engine:  # first, since its user must be able to write where the other has written, who may be root
            ways[f"container {image}"] = lambda: start_container(engine, image, given.challenge, folders)
        ways[f"python -m containers.{given.challenge}"] = lambda: start_process(given.challenge, folders)
        starts = measure(ways, given.repeats)
    print(f"{table_of(starts).as_markdown()}\n\n{table_of_steps(starts).as_markdown()}")
    model_mb = sum(file.stat().st_size for file in folders.model_dir.rglob("*") if file.is_file()) / 1e6
    print(f"\nThe model has {model_mb:.1f} MB.")
    if engine:
        image_gb = int(engine.ask("image", "inspect", "--format", "{{.Size}}", image)) / 1e9
        print(f"The image {image} has {image_gb:.2f} GB ({engine.facts.version}).")
    return 0


def engine_here() -> Engine | None:
    """Return the container engine; None, and why to stderr, where there is none."""
    try:
        return find_engine()
    except EngineError as error:
        print(f"No container is started. {error}", file=sys.stderr)
        return None


def measure(ways: Mapping[str, Callable[[], Start]], repeats: int) -> dict[str, list[Start]]:
    """Start each way as often as asked, in turn."""
    starts: dict[str, list[Start]] = {name: [] for name in ways}
    for repeat in range(repeats):
        for name, start in ways.items():
            starts[name].append(start())
            print(f"{name}, start {repeat + 1}: {starts[name][-1].outside_s[FIRST_TILE]:.1f} s", file=sys.stderr)
    return starts


def table_of(starts: Mapping[str, Sequence[Start]]) -> Table:
    """Return one row a way."""
    rows = []
    for name, (first, *later) in starts.items():
        cells = [f"{first.outside_s[event]:.1f}" for event in (LOADED, FIRST_TILE)]
        for event in (LOADED, FIRST_TILE):
            cells += [spread([start.own_s[event] for start in later]), spread([s.outside_s[event] for s in later])]
        rows.append((name, *cells))
    headings = (
        *("start", "first, loaded, from outside (s)", "first, first tile, from outside (s)"),
        *("later, process to loaded (s)", "later, loaded, from outside (s)"),
        *("later, process to first tile (s)", "later, first tile, from outside (s)"),
    )
    return Table(headings, tuple(rows))


def spread(seconds: list[float]) -> str:
    """Return the median with the least and the most; nothing for a single start, which has none later."""
    return f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})" if seconds else ""


def table_of_steps(starts: Mapping[str, Sequence[Start]]) -> Table:
    """Return one row a step, and one for all."""
    columns = [cells_of_steps(later or [first]) for first, *later in starts.values()]
    rows = tuple((step, *(cells[step] for cells in columns)) for step in columns[0])
    return Table(("later starts, step", *(f"{name} (s)" for name in starts)), rows)


def cells_of_steps(starts: Sequence[Start]) -> dict[str, str]:
    """Return the median of each step with its share, and their sum."""
    seconds = {step: median(start.all_steps_s[step] for start in starts) for step in starts[0].all_steps_s}
    total_s = sum(seconds.values())
    shares = {step: f"{each_s:.2f} ({100 * each_s / total_s:.0f} %)" for step, each_s in seconds.items()}
    return {**shares, "all": f"{total_s:.2f}"}


def start_container(engine: Engine, image: str, challenge: str, folders: Folders) -> Start:
    """Run the image as a user would until the first tile was seen, and once for its steps."""
    name = f"hnseg-cold-start-{time.monotonic_ns()}"
    mounts = {folders.input_dir: "/input:ro", folders.model_dir: "/opt/ml/model:ro", folders.output_dir: "/output"}
    volumes = [f"--volume={source}:{target}" for source, target in mounts.items()]
    run = [engine.command, "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp", *volumes]
    steps = [*run, f"--volume={STEPS}:/steps.py:ro", "--entrypoint=python", image]
    return until_first_tile(
        [*run, f"--name={name}", image],
        stop=lambda _: engine.try_to("kill", name),
        steps=[*steps, "/steps.py", challenge, "/opt/ml/model"],
    )


def start_process(challenge: str, folders: Folders) -> Start:
    """Run the entry point in this environment until the first tile was seen, and once for its steps."""
    options = {"--input": folders.input_dir, "--output": folders.output_dir, "--model": folders.model_dir}
    arguments = [text for option, folder in options.items() for text in (option, str(folder))]
    return until_first_tile(
        [sys.executable, "-m", f"containers.{challenge}", *arguments],
        stop=lambda process: process.terminate(),
        steps=[sys.executable, str(STEPS), challenge, str(folders.model_dir)],
    )


def until_first_tile(
    command: Sequence[str], *, stop: Callable[[subprocess.Popen[str]], object], steps: Sequence[str]
) -> Start:
    """Start a command, wait for the line that says the first tile was seen, stop it, and start what tells the steps."""
    own_s, outside_s, lines = {}, {}, []
    started_s = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process:
        for line in process.stdout or []:
            lines.append(line)
            if found := EVENT.match(line):
                own_s[found.group(1)] = float(found.group(2))
            if found := found or STAGE.match(line):
                outside_s[found.group(1)] = time.monotonic() - started_s
            if FIRST_TILE in own_s:
                stop(process)
                break
    if FIRST_TILE not in own_s:
        raise SystemExit(f"{command[0]} ended before it said that the first tile was seen:\n{''.join(lines)}")
    told = subprocess.run(
        steps, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
    )
    return Start(own_s, outside_s, json.loads(told.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
