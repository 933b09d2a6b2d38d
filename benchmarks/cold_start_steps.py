"""One start up to the loaded ensemble, step by step; `cold_start.py` runs it, here and in the image.

    python benchmarks/cold_start_steps.py hnts_mrg test_data/hnts_mrg/model

The steps are the entry point's, in its order. Their seconds are printed as one line of JSON.
"""

from __future__ import annotations

import sys
import time

BEGUN_S = time.monotonic()  # nothing else is imported above: what it takes is a step of its own


def main() -> int:
    """Start, and print how long each step took."""
    challenge, model = sys.argv[1:]
    ended_s = {"interpreter": BEGUN_S}
    import_before_torch(challenge)
    ended_s["import what reads and prepares"] = time.monotonic()
    import_torch()
    ended_s["import torch"] = time.monotonic()
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle

    ended_s["import what predicts"] = time.monotonic()
    from pathlib import Path

    bundle = open_bundle(Path(model))
    ended_s["open the bundle"] = time.monotonic()
    load_ensemble(bundle)
    ended_s["load the networks"] = time.monotonic()
    print_steps(ended_s)
    return 0


def import_before_torch(challenge: str) -> None:
    """Import what the container's program imports when it starts."""
    import importlib

    for name in ("spec", "method"):
        importlib.import_module(f"containers.{challenge}.{name}")
    importlib.import_module("hnseg.entrypoint")


def import_torch() -> None:
    """Import torch as hnseg does, whose package sets what torch reads from the environment."""
    import hnseg.inference  # noqa: F401

    # isort: split
    import torch  # noqa: F401


def print_steps(ended_s: dict[str, float]) -> None:
    """Print the steps' seconds, the first one's from the process's start."""
    import json

    from hnseg.machine import process_started_s

    before_s = (process_started_s(), *ended_s.values())
    seconds = {name: after_s - since_s for (name, after_s), since_s in zip(ended_s.items(), before_s, strict=False)}
    print(json.dumps(seconds))


if __name__ == "__main__":
    sys.exit(main())
