"""`make fuzz`: all campaigns at their full length, with a table of counts; status 1 where anything went wrong.

`python -m tests.fuzz [--seed 0] [--count 1.0] [--kept build/fuzz]`: `--count 0.01` makes a hundredth of the inputs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from hnseg.inference.model.manifest import METHOD_FILE
from tests.fuzz.campaigns import Campaign, Counts, cases, models, run_campaign, signals
from tests.support.exported_bundles import seal
from tests.support.model_folders import change
from tests.support.nnunet_oracle import Wanted, write_bundle, write_results
from tests.support.small_case import write_small_case
from tests.support.small_challenges import HAN_SEG, HECKTOR, HNTS_MRG, SmallChallenge


def main() -> int:
    """Run all campaigns and print their counts; return 1 where an input did what none may do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=float, default=1.0)
    parser.add_argument("--kept", type=Path, default=Path("build/fuzz"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found = {
            name: _run(name, make, round(inputs * given.count), given.seed, work, given.kept)
            for name, (make, inputs) in _campaigns(work).items()
        }
    print("\n| input | tried | accepted | refused | stopped | faults |\n|---|---:|---:|---:|---:|---:|")
    for name, counts in found.items():
        numbers = [counts.outcomes[outcome] for outcome in ("accepted", "refused", "stopped", "fault")]
        print(f"| {name} | {sum(numbers)} | {' | '.join(map(str, numbers))} |")
    faults = [f"{name}: {fault}" for name, counts in found.items() for fault in counts.faults]
    print("\n".join(faults))
    return 1 if faults else 0


def _campaigns(work: Path) -> dict[str, tuple[Callable[[], Campaign], int]]:
    """Return what makes each campaign, and its number of inputs."""
    bundles = {each.name: _bundle(each, work) for each in (HNTS_MRG, HAN_SEG, HECKTOR)}
    tiny = replace(HNTS_MRG, write_case=partial(write_small_case, shape_zyx=(5, 14, 16)))
    results = write_results(_wanted(HNTS_MRG), (0,), work / "results")
    return {
        "cases of HNTS-MRG": (lambda: cases(tiny, bundles["hnts_mrg"], work), 9000),
        "cases of HaN-Seg": (lambda: cases(HAN_SEG, bundles["han_seg"], work), 500),
        "cases of HECKTOR": (lambda: cases(HECKTOR, bundles["hecktor"], work), 500),
        "signals": (lambda: signals(HNTS_MRG, bundles["hnts_mrg"], work), 300),
        "model folders": (lambda: models(tiny, results, work), 2000),
    }


def _wanted(challenge: SmallChallenge) -> Wanted:
    tiny = {"patch": (8, 32, 32), "spacing_mm": (2.0, 1.0, 1.0)}
    named = {"labels": {"background": 0, "GTVp": 1, "GTVn": 2}, "channel_names": ["T2w", "noNorm"]}
    return Wanted(**{**named, **tiny, **challenge.model})


def _bundle(challenge: SmallChallenge, work: Path) -> Path:
    wanted = _wanted(challenge)
    results = write_results(wanted, (0,), work / f"results-{challenge.name}")
    folder = write_bundle(results, work / f"model-{challenge.name}" / "model", wanted.configuration)
    if challenge.settings:
        (folder / METHOD_FILE).write_text(json.dumps(challenge.settings))
    change(folder / "manifest.json", lambda manifest: manifest.update(mirroring_axes=[]))
    seal(folder)
    return folder


def _run(name: str, make: Callable[[], Campaign], inputs: int, seed: int, work: Path, kept: Path) -> Counts:
    began_s = time.monotonic()

    def say(number: int, counts: Counts) -> None:
        if number % 250 == 0 or number == inputs:
            seconds = time.monotonic() - began_s
            print(f"{name}: {number} of {inputs} in {seconds:.0f} s, {dict(counts.outcomes)}", flush=True)

    return run_campaign(make(), range(seed, seed + inputs), work, kept / name.replace(" ", "_"), say)


if __name__ == "__main__":
    sys.exit(main())
