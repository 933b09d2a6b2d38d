"""Program that tries many inputs, counts what became of them, and keeps those with a fault.

python -m tests.fuzz [--count N] [--seed S] [--kind PART] [--jobs J]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a process that computed with threads can't be forked

from tests.fuzz.campaign import Plan, run


def main() -> int:
    """Run the plan that the command line gives; 1 where there was a fault."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="inputs of cases; the others in proportion")
    parser.add_argument("--seed", type=int, default=int(dt.date.today().strftime("%Y%m%d")), help="default: the date")
    parser.add_argument("--kind", default="", help="only kinds whose name has this in it")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at a time")
    parser.add_argument(
        "--output", type=Path, default=Path("build/fuzz"), help="receives the table and inputs with a fault"
    )
    given = parser.parse_args()
    return run(Plan(given.count, given.seed, given.kind, given.jobs, given.output))


if __name__ == "__main__":
    sys.exit(main())
