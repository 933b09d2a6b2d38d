"""Time from start to a loaded ensemble, as a container and as a plain process; and the image's size.

    docker build -f containers/Dockerfile --build-arg CHALLENGE=hnts_mrg -t hnseg-hnts_mrg .
    python benchmarks/cold_start.py hnts_mrg

The entry point logs how long after its process's start the ensemble was loaded; beside it stands how long that took
seen from outside, the container engine's own work included. Both ways are started in turn, so that a busy machine
slows both alike. The first start of each may find its files not yet in memory and stands alone.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hnseg.evaluation.tables import Table
from hnseg.rehearsal.engine import Engine, find_engine

ROOT = Path(__file__).parents[1]
LOADED = re.compile(r"ensemble loaded ([\d.]+) s after process start")


@dataclass(frozen=True)
class Folders:
    """What is mounted, or given as an argument."""

    input_dir: Path
    output_dir: Path
    model_dir: Path


@dataclass(frozen=True)
class Start:
    """How long one start took until the ensemble was loaded."""

    own_s: float
    outside_s: float


def main() -> int:
    """Print a row for each way to start."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge")
    parser.add_argument("--image", help="tag of the built image (default: hnseg-CHALLENGE)")
    parser.add_argument("--case", type=Path, help="folder with input/ (default: test_data/CHALLENGE/case_000)")
    parser.add_argument("--model", type=Path, help="weights (default: test_data/CHALLENGE/model)")
    parser.add_argument("--repeats", type=int, default=6, help="starts of each (default: %(default)s)")
    given = parser.parse_args()
    image = given.image or f"hnseg-{given.challenge}"
    shipped = ROOT / "test_data" / given.challenge
    engine = find_engine()
    with tempfile.TemporaryDirectory() as output:
        Path(output).chmod(0o777)
        folders = Folders(
            (given.case or shipped / "case_000").resolve() / "input",
            Path(output),
            (given.model or shipped / "model").resolve(),
        )
        ways = {
            f"container {image}": lambda: start_container(engine, image, folders),
            f"python -m containers.{given.challenge}": lambda: start_process(given.challenge, folders),
        }
        print(table_of(measure(ways, given.repeats)).as_markdown())
    image_gb = int(engine.ask("image", "inspect", "--format", "{{.Size}}", image)) / 1e9
    model_mb = sum(file.stat().st_size for file in folders.model_dir.rglob("*") if file.is_file()) / 1e6
    print(f"\nThe image {image} has {image_gb:.2f} GB, the model {model_mb:.1f} MB ({engine.facts.version}).")
    return 0


def measure(ways: dict[str, Callable[[], Start]], repeats: int) -> dict[str, list[Start]]:
    """Start each way as often as asked, in turn."""
    starts: dict[str, list[Start]] = {name: [] for name in ways}
    for repeat in range(repeats):
        for name, start in ways.items():
            starts[name].append(start())
            print(f"{name}, start {repeat + 1}: {starts[name][-1].outside_s:.1f} s", file=sys.stderr)
    return starts


def table_of(starts: dict[str, list[Start]]) -> Table:
    """Return one row a way."""
    rows = []
    for name, (first, *later) in starts.items():
        own_s, outside_s = [start.own_s for start in later], [start.outside_s for start in later]
        rows.append((name, f"{first.outside_s:.1f}", spread(own_s), spread(outside_s)))
    headings = ("start", "first, from outside (s)", "later, process to loaded (s)", "later, from outside (s)")
    return Table(headings, tuple(rows))


def spread(seconds: list[float]) -> str:
    """Return the median with the least and the most."""
    return f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def start_container(engine: Engine, image: str, folders: Folders) -> Start:
    """Run the image as a user would until the ensemble is loaded."""
    name = f"hnseg-cold-start-{time.monotonic_ns()}"
    mounts = {folders.input_dir: "/input:ro", folders.model_dir: "/opt/ml/model:ro", folders.output_dir: "/output"}
    volumes = [f"--volume={source}:{target}" for source, target in mounts.items()]
    options = ["--rm", f"--name={name}", "--network=none", "--read-only", "--tmpfs=/tmp", *volumes]
    return until_loaded([engine.command, "run", *options, image], stop=lambda _: engine.try_to("kill", name))


def start_process(challenge: str, folders: Folders) -> Start:
    """Run the entry point in this environment until the ensemble is loaded."""
    options = {"--input": folders.input_dir, "--output": folders.output_dir, "--model": folders.model_dir}
    arguments = [text for option, folder in options.items() for text in (option, str(folder))]
    return until_loaded(
        [sys.executable, "-m", f"containers.{challenge}", *arguments], stop=lambda process: process.terminate()
    )


def until_loaded(command: list[str], *, stop: Callable[[subprocess.Popen[str]], object]) -> Start:
    """Start a command, wait for the line that says the ensemble is loaded, and stop it."""
    started_s = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process:
        lines = []
        for line in process.stdout or []:
            lines.append(line)
            if found := LOADED.search(line):
                start = Start(own_s=float(found.group(1)), outside_s=time.monotonic() - started_s)
                stop(process)
                return start
    raise SystemExit(f"{command[0]} ended before the ensemble was loaded:\n{''.join(lines)}")


if __name__ == "__main__":
    sys.exit(main())
