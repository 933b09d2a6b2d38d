"""From an image to what the network sees: nnU-Net's preprocessing beside ours, time, memory and the largest difference.

    python benchmarks/preprocessing.py

Images are smooth noise of the size and spacing of real cases. Every measurement is a process of its own: nnU-Net's
`DefaultPreprocessor.run_case_npy` as its predictor calls it, and ours from the same channels in memory to the same
volume. Memory is the process's largest beyond what it held before, the channels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from label_map import resident_gib
from scipy.ndimage import zoom

from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import FloatArray

ROOT = Path(__file__).parents[1]
HEADER = (
    "case",
    "voxels",
    "becomes",
    "nnU-Net (s, GiB)",
    "hnseg (s, GiB)",
    "times faster",
    "of the memory",
    "difference",
)


@dataclass(frozen=True)
class Case:
    """An image and the network's grid, lengths (z, y, x)."""

    model: str
    shape: tuple[int, int, int]
    image_mm: tuple[float, float, float]
    network_mm: tuple[float, float, float]


CASES = {
    "HaN-Seg, 512": Case("han_seg", (200, 512, 512), (2.0, 0.98, 0.98), (2.0, 0.78, 0.78)),
    "HaN-Seg, 1024": Case("han_seg", (202, 1024, 1024), (2.0, 0.52, 0.52), (2.0, 0.78, 0.78)),
    "HaN-Seg, 1024, slices apart": Case("han_seg", (101, 1024, 1024), (3.0, 0.52, 0.52), (2.0, 0.59, 0.59)),
    "HNTS-MRG, 512": Case("hnts_mrg", (67, 512, 512), (2.0, 0.5, 0.5), (1.2, 0.5, 0.5)),
}


def main() -> int:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=3, metavar=("CASE", "WAY", "OUTPUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        name, way, output = given.child
        measure(CASES[name], way, Path(output))
        return 0
    print(Table(HEADER, tuple(compare(name) for name in CASES)).as_markdown())
    return 0


def compare(name: str) -> tuple[str, ...]:
    """Return the cells of a row."""
    found, volumes = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for way in ("nnunet", "hnseg"):
            output = Path(folder) / f"{way}.npy"
            command = [sys.executable, __file__, "--child", name, way, str(output)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[way] = json.loads(done.stdout.splitlines()[-1])
            volumes[way] = np.load(output, mmap_mode="r")
        difference = max(np.abs(ours - theirs).max() for ours, theirs in zip(*volumes.values(), strict=True))
        becomes = volumes["hnseg"].shape[1:]
    (their_s, their_gib), (our_s, our_gib) = found["nnunet"], found["hnseg"]
    sizes = (" x ".join(map(str, shape)) for shape in (CASES[name].shape, becomes))
    costs = (f"{their_s:.2f}, {their_gib:.2f}", f"{our_s:.2f}, {our_gib:.2f}", f"{their_s / our_s:.1f}")
    return (name, *sizes, *costs, f"{our_gib / their_gib:.2f}", f"{difference:.1e}")


def measure(case: Case, way: str, output: Path) -> None:
    """Preprocess in this process, keep the volume, and print seconds and GiB."""
    work = nnunet(case) if way == "nnunet" else hnseg(case)
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before_gib, started_s = resident_gib("VmRSS"), time.monotonic()
    volume = work()
    seconds, gib = time.monotonic() - started_s, resident_gib("VmHWM") - before_gib
    np.save(output, volume)
    print(json.dumps((seconds, gib)))


def nnunet(case: Case) -> Any:
    """Return what preprocesses as nnU-Net's predictor does."""
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    folder = ROOT / "test_data" / case.model / "model"
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["spacing"] = case.network_mm
    manager = PlansManager(plans)
    dataset = json.loads((folder / "dataset.json").read_text())
    properties = {"spacing": list(case.image_mm)}
    array = channels(case)
    preprocessor = DefaultPreprocessor(verbose=False)
    configuration = manager.get_configuration("3d_fullres")
    return lambda: preprocessor.run_case_npy(array, None, properties, manager, configuration, dataset)[0]


def hnseg(case: Case) -> Any:
    """Return what preprocesses as hnseg does."""
    from hnseg.imaging.channels import Channels
    from hnseg.imaging.geometry import Grid
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.preprocessing.preprocess import place, preprocess

    torch.set_num_threads(2)
    bundle = open_bundle(ROOT / "test_data" / case.model / "model")
    configuration = bundle.configuration.model_copy(update={"spacing": case.network_mm})
    grid = Grid(case.shape[::-1], case.image_mm[::-1], (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    given = Channels(channels(case), grid)

    return lambda: preprocess(given.array, place(given, bundle.plans, configuration), bundle.plans, configuration)


def channels(case: Case) -> FloatArray:
    """Return two channels (2, z, y, x) of smooth noise."""
    rng = np.random.default_rng(0)
    small = rng.normal(size=(2, *(max(2, n // 8) for n in case.shape)))
    array = np.empty((2, *case.shape), np.float32)
    for channel, coarse in zip(array, small, strict=True):
        factors = [n / old for n, old in zip(case.shape, coarse.shape, strict=True)]
        zoom((300 * coarse).astype(np.float32), factors, output=channel, order=1)
    return array


if __name__ == "__main__":
    sys.exit(main())
