"""Rigid registration of MR to CT on pairs whose answer is known: ours beside SimpleITK and itk-elastix, and the gate.

    python benchmarks/registration.py --results build/registration.jsonl --elastix-python ELASTIX_VENV/bin/python

Three sets of pairs: patients of `hnseg phantom han_seg`; real CTs with a T1 made from them (`--data`); real CT and T1
(`--data`), whose truth is known to 2 to 4 mm. Every pair has a pose of up to 20 degrees and 60 mm. The target
registration error is the mean over a lattice of 15 mm inside the body and the MR's field of view; over 5 mm, or no
result, is a failure. Each pair's results are appended to the file, a second start goes on after the last one, and the
tables are printed from it. itk-elastix needs a Python of its own (`pip install itk-elastix`); without, its rows are
missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from real_data import VARIABLE, real_data_dir
from registration_gate import SPOILS, Judge, disturbed, error_mm, verdict_on_spoiled
from registration_methods import OURS, Elastix, ours, single_start
from registration_pairs import Pair, half_real_pair, phantom_pair, real_pairs
from registration_tables import tables

DISTURBED = 1  # wrong transforms made of each pair's right one
SPOILED_EVERY = 4  # phantoms

Row = dict[str, Any]


def main() -> int:
    """Run what is missing from the results, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="JSON lines, made when missing")
    parser.add_argument(
        "--data", type=Path, default=real_data_dir(), help=f"folder of the real volumes (default: {VARIABLE})"
    )
    parser.add_argument("--elastix-python", type=Path, help="Python that has itk-elastix")
    parser.add_argument("--phantoms", type=int, default=60, help="how many (default: %(default)s)")
    parser.add_argument("--half-real", type=int, default=20, help="real CTs with made-up T1 (default: %(default)s)")
    parser.add_argument("--poses", type=int, default=3, help="of each real pair (default: %(default)s)")
    given = parser.parse_args()
    elastix = Elastix(given.elastix_python) if given.elastix_python else None
    done = {row["pair"] for row in read(given.results)}
    for pair in pairs(given, done):
        rows = list(measured(pair, elastix, given.data))
        with given.results.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        print(f"{pair.name}: {rows[0]['error_mm']:.2f} mm", file=sys.stderr)
    print(tables(read(given.results)))
    if elastix is None:
        print("\nWithout --elastix-python there are no rows of itk-elastix.")
    return 0


def read(results: Path) -> list[Row]:
    """Return the rows that were written so far."""
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []


def pairs(given: argparse.Namespace, done: set[str]) -> Iterator[Pair]:
    """Yield the pairs that are not done, the phantoms first; the others only where their data is."""
    yield from (phantom_pair(number) for number in range(given.phantoms) if f"phantom_{number}" not in done)
    if (given.data / "petctmr_sts").is_dir():
        yield from (pair for pair in real_pairs(given.data, repeats=given.poses) if pair.name not in done)
    if (given.data / "ct_headneck_openkbp").is_dir():
        numbers = (number for number in range(given.half_real) if f"half_real_{number}" not in done)
        yield from (half_real_pair(given.data, number) for number in numbers)


def measured(pair: Pair, elastix: Elastix | None, data: Path) -> Iterator[Row]:
    """Yield a row for what each method finds, then for each wrong result made on purpose."""
    targets_mm, judge = pair.targets_mm(), Judge.of(pair)
    about = {"set": pair.kind, "pair": pair.name}
    right = pair.truth
    for outcome in (ours(pair), single_start(pair), *(elastix.outcomes(pair) if elastix else ())):
        row: Row = {**about, "kind": "method", "method": outcome.method, "status": outcome.status}
        row |= {"seconds": round(outcome.seconds, 2), "processor_s": round(outcome.processor_s, 2)}
        row |= {"error_mm": float("inf"), "objection": "no transform"}
        if outcome.transform is not None:
            row["error_mm"] = error_mm(pair, outcome.transform, targets_mm)
            row["objection"] = outcome.objection if outcome.method == OURS else judge.objection(outcome.transform)
            right = outcome.transform if outcome.method == OURS and row["error_mm"] < 5 else right
        yield row
    rng = np.random.default_rng([5, *pair.name.encode()])
    for _ in range(DISTURBED):
        wrong = disturbed(right, targets_mm.mean(axis=0), rng)
        found = {"error_mm": error_mm(pair, wrong, targets_mm), "objection": judge.objection(wrong)}
        yield {**about, "kind": "disturbed", **found}
    yield from spoiled(pair, data)


def spoiled(pair: Pair, data: Path) -> Iterator[Row]:
    """Yield a row for a phantom whose MR is spoiled, if it's this one's turn."""
    if pair.kind != "phantoms" or (number := int(pair.name.split("_")[1])) % SPOILED_EVERY:
        return
    how = SPOILS[number // SPOILED_EVERY % len(SPOILS)]
    leg_file = data / "petctmr_sts" / "STS_048" / "MR_T1_image.nii.gz"
    leg = sitk.ReadImage(str(leg_file)) if leg_file.is_file() else None
    if how == "a leg" and leg is None:
        return
    objection = verdict_on_spoiled(pair, how, stranger=phantom_pair(number + 1000).mr, leg=leg)
    yield {"set": pair.kind, "pair": pair.name, "kind": "spoiled", "method": how, "objection": objection}


if __name__ == "__main__":
    sys.exit(main())
