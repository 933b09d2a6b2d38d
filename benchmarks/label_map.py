"""From logits to a label map at the image's size: nnU-Net's way beside ours, time, memory and agreement.

    python benchmarks/label_map.py --columns 512 --slices 40

Logits are made up: `organs` has 30 balls in a background that leads clearly elsewhere, as a trained network gives them;
`noise` has no class that leads anywhere, which is the slowest case. Both ways run on one processor, after one another.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.labelling.label_map import Target, to_label_map
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.nnunet_resampling import Spline
from hnseg.inference.preprocessing.preprocess import Placement

CLASSES = 31
IMAGE_MM = (1.5, 0.5, 0.5)
LABELS = Dataset(channel_names={"0": "CT"}, labels={"background": 0, **{f"l{n}": n for n in range(1, CLASSES)}})


def main() -> int:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, default=512, help="of the image, and as many rows")
    parser.add_argument("--slices", type=int, default=40, help="of the image")
    given = parser.parse_args()
    torch.set_num_threads(1)
    shape = (given.slices, given.columns, given.columns)
    rows = []
    for kind, network_mm in [(kind, mm) for mm in ((2.8, 1.2, 1.2), (2.0, 0.7, 0.7)) for kind in ("organs", "noise")]:
        z, y, x = (round(n * old / new) for n, old, new in zip(shape, IMAGE_MM, network_mm, strict=True))
        logits = logits_of(kind, (z, y, x))
        rows.append((kind, f"{z} x {y} x {x}", *compare(logits, shape, network_mm)))
    header = ("logits", "network's grid", "nnU-Net (s, GiB)", "hnseg (s, GiB)", "times faster", "identical voxels")
    print(Table(header, tuple(rows)).as_markdown())
    print(
        f"\n{CLASSES} classes, to {' x '.join(map(str, shape))} voxels, one processor's time, memory beyond the logits"
    )
    return 0


def logits_of(kind: str, shape: tuple[int, ...]) -> FloatArray:
    """Return made-up logits (k, z, y, x)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(CLASSES, *shape)).astype(np.float32)
    if kind == "noise":
        return logits
    places = np.stack(np.meshgrid(*(np.linspace(0, 1, n, dtype=np.float32) for n in shape), indexing="ij"))
    for organ in logits[1:]:
        centre, radius = rng.uniform(0.2, 0.8, (3, 1, 1, 1)), rng.uniform(0.03, 0.1)
        depth = radius - np.sqrt(((places - centre) ** 2).sum(axis=0))
        organ[...] = np.clip(depth * 200, -10, 10) + 0.3 * organ
    logits[0] = -logits[1:].max(axis=0)
    return logits


def compare(logits: FloatArray, shape: tuple[int, int, int], network_mm: tuple[float, ...]) -> tuple[str, ...]:
    """Return the cells of a row."""
    z, y, x = shape
    grid = Grid((x, y, z), IMAGE_MM[::-1], (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    everything = (slice(0, z), slice(0, y), slice(0, x))
    resampling = Spline(order=1, force_separate_z=None)
    z, y, x = logits.shape[1:]
    target = Target(Placement(grid, (0, 1, 2), everything, IMAGE_MM, network_mm, (z, y, x)), grid, LABELS, resampling)

    def as_nnunet() -> Any:
        """Resample every class to the image's size, then compare them."""
        resized = resample_data_or_seg_to_shape(logits, shape, network_mm, IMAGE_MM, order=1, force_separate_z=None)
        return resized.argmax(axis=0)

    ours, our_s, our_gib = measured(lambda: to_label_map(np.moveaxis(logits, 1, 0), target))
    theirs, their_s, their_gib = measured(as_nnunet)
    same = (sitk.GetArrayViewFromImage(ours) == theirs).mean()
    costs = (f"{their_s:.1f}, {their_gib:.2f}", f"{our_s:.2f}, {our_gib:.2f}")
    return (*costs, f"{their_s / our_s:.0f}", f"{100 * same:.5f} %")


def measured(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what something gives, the processor's seconds it took, and by how many GiB memory grew at most."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before_gib, started_s = resident_gib("VmRSS"), time.process_time()
    result = work()
    return result, time.process_time() - started_s, resident_gib("VmHWM") - before_gib


def resident_gib(field: str) -> float:
    """Return a field of the kernel's table of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 2**20 for line in lines if line.startswith(field))


if __name__ == "__main__":
    sys.exit(main())
