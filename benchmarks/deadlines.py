"""One case under shorter and shorter limits, by the real clock: when it ended, with what, and what was given up.

    python benchmarks/deadlines.py han_seg --case build/full_size/case_000 --limits-s 10 15 20 30 45 90

Every run is the container's program in a process of its own, with nothing beside it. The time is from the process's
start to its end; `used` is the part of the limit. `same` is the share of voxels with the label of the longest run.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.evaluation.tables import Table

ROOT = Path(__file__).parents[1]
FIRST = re.compile(r"^first label map after (?P<seconds>[\d.]+) s$", re.MULTILINE)
HEADER = (
    "limit (s)",
    "ended after (s)",
    "used",
    "first label map (s)",
    "folds",
    "mirrors",
    "tiles",
    "step",
    "same (%)",
)


@dataclass(frozen=True)
class Ended:
    """One run; without a provenance and labels where there was no time for a label map."""

    limit_s: float
    taken_s: float
    first_s: str = ""
    provenance: dict[str, Any] | None = None
    labels: Any = None


def main() -> int:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge", help="a folder under containers/")
    parser.add_argument("--case", type=Path, help="folder with input/ (default: the first of test_data)")
    parser.add_argument("--model", type=Path, help="default: the demo ensemble")
    parser.add_argument("--limits-s", type=float, nargs="+", default=[5, 10, 20, 60])
    given = parser.parse_args()
    case = given.case or ROOT / "test_data" / given.challenge / "case_000"
    model = given.model or ROOT / "test_data" / given.challenge / "model"
    ended = [run(given.challenge, case.resolve(), model.resolve(), limit_s) for limit_s in given.limits_s]
    longest = max(ended, key=lambda one: one.limit_s)
    print(Table(HEADER, tuple(row(one, longest) for one in ended)).as_markdown())
    return 0


def run(challenge: str, case: Path, model: Path, limit_s: float) -> Ended:
    """Run the container's program on a case."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-m", f"containers.{challenge}", "--limit-s", str(limit_s), "--model", str(model)]
        started_s = time.monotonic()
        done = subprocess.run(
            [*command, "--input", str(case / "input"), "--output", output],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        taken_s = time.monotonic() - started_s
        if done.returncode:
            print(done.stderr.splitlines()[-1], file=sys.stderr)
            return Ended(limit_s, taken_s)
        (written,) = Path(output).rglob("*.mha")
        labels = sitk.GetArrayFromImage(sitk.ReadImage(str(written)))
    first = FIRST.search(done.stdout)
    return Ended(limit_s, taken_s, first["seconds"] if first else "", json.loads(done.stdout.splitlines()[-1]), labels)


def row(one: Ended, longest: Ended) -> tuple[str, ...]:
    """Return the cells of a row."""
    when = (f"{one.limit_s:g}", f"{one.taken_s:.1f}", f"{one.taken_s / one.limit_s:.0%}")
    if one.provenance is None:
        return (*when, "", "no label map", "", "", "", "")
    effort = one.provenance["effort_spent"]
    return (
        *when,
        one.first_s,
        f"{effort['folds']:.2f}",
        f"{effort['mirrors']:.2f}",
        str(effort["tiles"]),
        f"{effort['step']:g}",
        f"{100 * np.mean(one.labels == longest.labels):.3f}",
    )


if __name__ == "__main__":
    sys.exit(main())
