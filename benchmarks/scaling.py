"""How time and memory grow with voxels, classes, folds and mirrored copies: stock nnU-Net beside hnseg.

    python benchmarks/scaling.py --repeats 1 --plot build/scaling.png

One quantity at a time is varied around a base case. Networks are small and their weights from chance, so that what is
not convolution shows, and no class leads anywhere: the slowest case for a label map. Each measurement is a process of
its own (see `against_nnunet.py`), the ways take turns, and no two run at once. The clock runs from the loaded predictor
with the image in memory to the label map in memory. Memory is the process's largest beyond its loaded state: libraries,
networks and the image as it was read, which is given below each table. A round takes five minutes on two processors.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from against_nnunet import ROOT, STOCK, Measured, prepare, run_child, ways_on
from untrained import Wanted, write_bundle

from hnseg.evaluation.tables import Table
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.model.bundle import open_bundle

LIKE = ROOT / "test_data/hnts_mrg/model"
FEATURES = (4, 8, 16)
PATCH = (32, 64, 64)
NETWORK_MM, IMAGE_MM = (3.0, 2.0, 2.0), (2.4, 1.6, 1.6)  # (z, y, x)
LEFT_OUT = "hnseg, torch fast"


@dataclass(frozen=True)
class Point:
    """One case and its ensemble."""

    million_voxels: int = 2
    classes: int = 4
    folds: int = 1
    mirrors: int = 1


BASE = Point()
VARIED = {
    "million_voxels": (1, 2, 4, 8, 16),
    "classes": (2, 4, 8, 16, 32),
    "folds": (1, 2, 3, 5),
    "mirrors": (1, 2, 4, 8),
}
Found = Mapping[tuple[Point, str], list[Measured]]
"""By point and way; empty where it failed."""


def main() -> int:
    """Measure, print a table a quantity, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="receives the curves")
    given = parser.parse_args()
    ways = [way for way in ways_on("cpu") if way != LEFT_OUT]
    found = measure(ways, given.repeats)
    for field in VARIED:
        print(f"\n{table_of(field, ways, found).as_markdown()}\n\n{loaded_in_words(field, ways, found)}")
    fixed = ", ".join(f"{value} {words(field, value)}" for field, value in vars(BASE).items())
    print(f"\nThe base case has {fixed}. Median of {given.repeats}.")
    if given.plot:
        draw(ways, found, given.plot)
    return 0


def points_of(field: str) -> list[Point]:
    """Return the base case with one quantity varied."""
    return [replace(BASE, **{field: value}) for value in VARIED[field]]


def measure(ways: list[str], repeats: int) -> Found:
    """Let every way run every point, a process each."""
    points = list(dict.fromkeys(point for field in VARIED for point in points_of(field)))
    found: dict[tuple[Point, str], list[Measured]] = {(point, way): [] for point in points for way in ways}
    for repeat in range(repeats):
        for point in points:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                write_case(point, folder)
                for way in ways:
                    if measured := run_child(folder, way):
                        found[point, way].append(measured)
                        print(f"round {repeat + 1}, {point}, {way}: {measured.wall_s:.2f} s", file=sys.stderr)
    return found


def write_case(point: Point, folder: Path) -> None:
    """Write the point's ensemble and an image of noise."""
    wanted = Wanted(
        spacing_mm=NETWORK_MM,
        patch=PATCH,
        features=FEATURES,
        folds=point.folds,
        classes=point.classes,
        mirroring_axes=range(point.mirrors.bit_length() - 1),
    )
    bundle = open_bundle(write_bundle(LIKE, folder / "bundle", wanted))
    edge = round((2e6 * point.million_voxels) ** (1 / 3))
    shape = (edge // 2, edge, edge)
    array = np.random.default_rng(0).normal(size=(len(bundle.channels), *shape)).astype(np.float32)
    grid = Grid(shape[::-1], IMAGE_MM[::-1], (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    prepare(folder, bundle, Channels(array, grid), device="cpu", mirroring=True, vram_gib=float("inf"))


def words(field: str, value: int) -> str:
    """Return a quantity's name, one of it or several."""
    name = {"mirrors": "copies of a tile"}.get(field, field.replace("_", " "))
    return {"folds": "fold", "copies of a tile": "copy of a tile"}.get(name, name) if value == 1 else name


def seconds(found: list[Measured]) -> float:
    """Return the median; not a number where it failed."""
    return median(each.wall_s for each in found) if found else float("nan")


def grown_gib(found: list[Measured]) -> float:
    """Return the largest memory beyond the loaded state; not a number where it failed."""
    return max((each.peak_gib - each.loaded_gib for each in found), default=float("nan"))


def table_of(field: str, ways: list[str], found: Found) -> Table:
    """Return one row a value."""
    rows = []
    for point in points_of(field):
        runs = [found[point, way] for way in ways]
        cells = [f"{seconds(run):.2f}, {grown_gib(run):.2f}" if run else "failed" for run in runs]
        rows.append((str(getattr(point, field)), *cells))
    return Table((words(field, 2), *(f"{way} (s, GiB)" for way in ways)), tuple(rows))


def loaded_in_words(field: str, ways: list[str], found: Found) -> str:
    """Say how large the loaded states were."""
    sizes = {way: [each.loaded_gib for point in points_of(field) for each in found[point, way]] for way in ways}
    spans = [f"{way} {min(gib):.2f} to {max(gib):.2f}" for way, gib in sizes.items() if gib]
    return f"Loaded, smallest and largest (GiB): {'; '.join(spans)}."


def draw(ways: list[str], found: Found, path: Path) -> None:
    """Draw seconds and memory against each quantity."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    measures = {"seconds": seconds, "GiB beyond the loaded state": grown_gib}
    colours = dict(zip(ways, ("0.25", "tab:blue", "tab:orange", "tab:red"), strict=False))
    figure, rows = plt.subplots(2, len(VARIED), figsize=(13, 6.4), sharex="col", sharey="row", layout="constrained")
    for axes, (label, measure_of) in zip(rows, measures.items(), strict=True):
        axes[0].set_ylabel(label)
        for panel, (field, values) in zip(axes, VARIED.items(), strict=True):
            for way in ways:
                heights = [measure_of(found[point, way]) for point in points_of(field)]
                style = {"marker": "s", "linestyle": "--"} if way == STOCK else {"marker": "o"}
                panel.plot(values, heights, color=colours[way], label=way, markersize=5, **style)
            panel.axvline(getattr(BASE, field), color="0.85", linewidth=6, zorder=0, label="base case")
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_xticks(values, [str(value) for value in values])
            panel.minorticks_off()
            panel.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
            panel.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:g}"))
            panel.grid(color="0.9")
    for panel, field in zip(rows[-1], VARIED, strict=True):
        panel.set_xlabel(words(field, 2))
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    sys.exit(main())
