"""Peak memory and time of a large image with the uncertainty of an ensemble: none, exact, and in half precision.

    python benchmarks/untrained.py test_data/han_seg/model --output build/untrained --spacing-mm 2 0.78 0.78 \
        --patch 64 160 160 --features 4 8 --folds 5 --classes 31 --mirroring-axes
    python benchmarks/uncertainty.py build/untrained --how none exact half --step 1

The image is noise in 512 x 512 x 303 mm. Each way runs in a process of its own, whose peak resident memory is told;
half precision is asked for as a lack of memory would lead to it. The difference is of entropies in nats, from the exact
ones where both ran.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch

from hnseg.evaluation.tables import Table
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.further.asked import FurtherMembers
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.predictor import start_prediction

FIELD_MM = (512.0, 512.0, 303.0)
MIB = 1024  # of the kibibytes that the kernel tells


class Found(NamedTuple):
    """What one run took."""

    seconds: float
    peak_gib: float
    notes: tuple[str, ...]


def main() -> int:
    """Run every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported bundle, or nnU-Net's result folder")
    parser.add_argument("--how", nargs="+", choices=("none", "exact", "half"), default=("none", "exact", "half"))
    parser.add_argument("--size", type=int, nargs=3, default=(1024, 1024, 202), metavar=("X", "Y", "Z"))
    parser.add_argument("--step", type=float, default=0.5, help="distance between tiles, in patches")
    parser.add_argument("--dropout", type=int, default=0, help="members by Monte Carlo dropout")
    parser.add_argument("--tta", type=int, default=0, help="members by test-time copies")
    given = parser.parse_args()
    rows = []
    with TemporaryDirectory() as kept:
        for how in given.how:
            with multiprocessing.get_context("spawn").Pool(1) as process:
                found = process.apply(run, (given, how, Path(kept)))
            print(f"{how}: {found}", file=sys.stderr, flush=True)
            difference = difference_in(Path(kept), how)
            rows.append((how, f"{found.seconds:.0f}", f"{found.peak_gib:.2f}", difference))
    print(
        Table(("uncertainty", "time (s)", "peak memory (GiB)", "largest difference (nats)"), tuple(rows)).as_markdown()
    )
    return 0


def run(given: argparse.Namespace, how: str, kept: Path) -> Found:
    """Predict the image, keep its entropy in a file, and return what it took."""
    if how == "half":
        fastest = MemoryLayout.fastest
        MemoryLayout.fastest = lambda *words: replace(fastest(*words), members_in=torch.float16)
    ensemble = load_ensemble(open_bundle(given.model), device="cpu")
    started_s = time.monotonic()
    prediction = start_prediction(
        ensemble,
        noise(tuple(given.size), len(ensemble.bundle.channels)),
        Deadline.never(),
        effort=Effort(step=given.step),
        progress=lambda done, total: print(f"\r{how}: {done} of {total} tiles", end="", file=sys.stderr, flush=True),
        uncertainty=how != "none",
        further=FurtherMembers(given.dropout, given.tta),
    )
    result = prediction.predict()
    seconds = time.monotonic() - started_s
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB**2
    if result.uncertainty is not None:
        np.save(kept / f"{how}.npy", result.uncertainty.entropies)
    return Found(seconds, peak_gib, result.notes)


def noise(size_xyz: tuple[int, int, int], channels: int) -> Channels:
    """Return channels of noise on a grid of so many voxels."""
    x, y, z = (field_mm / count for field_mm, count in zip(FIELD_MM, size_xyz, strict=True))
    grid = Grid(size_xyz, (x, y, z), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    random = np.random.default_rng(0)
    return Channels(random.standard_normal((channels, *grid.shape_zyx), np.float32) * 100, grid)


def difference_in(kept: Path, how: str) -> str:
    """Return the largest difference from the exact entropies, slice by slice; empty where one of both is not there."""
    files = [kept / f"{each}.npy" for each in ("exact", how)]
    if how == "exact" or not all(path.exists() for path in files):
        return ""
    exact, other = (np.load(path, mmap_mode="r") for path in files)
    return f"{max(float(np.abs(a - b).max()) for a, b in zip(exact[0], other[0], strict=True)):.1e}"


if __name__ == "__main__":
    sys.exit(main())
