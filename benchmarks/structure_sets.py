"""Time, memory and size of structure sets and segmentations of a large CT: 31 structures, written and read back.

    python -m benchmarks.structure_sets [--size 1024] [--slices 202]

Processor time and peak memory are those of the two commands in processes of their own, label maps read and written
compressed included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, LabelArray, array_of, image_of
from tests.support.dicom_series import headers_of, write_series

STRUCTURES = 31
PROGRAM = """
import resource, sys
from hnseg.cli import main
try:
    status = main()
except SystemExit as ended:
    status = ended.code
used = resource.getrusage(resource.RUSAGE_SELF)
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(used.ru_utime + used.ru_stime, int(peak) / 2**20)
sys.exit(status)
"""


def wavy_ellipsoids(grid: Grid, rng: np.random.Generator) -> LabelArray:
    """Return a label map of a body and thirty organs in it, with wavy surfaces."""
    shape = np.array(grid.shape_zyx)
    labels: LabelArray = np.zeros(grid.shape_zyx, np.uint8)
    for label in range(1, STRUCTURES + 1):
        centre, radii = rng.uniform(0.2, 0.8, 3) * shape, rng.uniform(0.05, 0.16, 3) * shape * (1.5, 1, 1)
        if label == 1:
            centre, radii = shape / 2, shape * (0.7, 0.4, 0.45)
        first = np.maximum(centre - radii, 0).astype(int)
        box = tuple(slice(start, int(stop) + 1) for start, stop in zip(first, centre + radii, strict=True))
        z, y, x = np.ogrid[tuple(slice(each.start, min(each.stop, n)) for each, n in zip(box, shape, strict=True))]
        distance = sum(((axis - c) / r) ** 2 for axis, c, r in zip((z, y, x), centre, radii, strict=True))
        labels[box][distance + 0.04 * np.sin(x / 9) * np.cos(y / 7) < 0.9] = label
    return labels


def measured(*arguments: object) -> str:
    """Run `hnseg` and return its processor time and peak memory in words."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    seconds, gib = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    return f"{float(seconds):.1f} s of a processor, {float(gib):.2f} GiB"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Time, memory and size of structure sets and segmentations.")
    parser.add_argument("--size", type=int, default=1024, help="columns and rows")
    parser.add_argument("--slices", type=int, default=202)
    given = parser.parse_args()
    grid = Grid(
        (given.size, given.size, given.slices), (0.5, 0.5, 2.0), (-256.25, -250.5, -100.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)
    )
    labels = wavy_ellipsoids(grid, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pixels = {"BitsAllocated": 1, "PixelData": bytes(given.size**2 // 8 + 8)}
        write_series(folder / "series", headers_of(grid, **pixels))
        sitk.WriteImage(image_of(labels, grid), str(folder / "map.mha"), True)
        names = {str(label): f"Organ_{label}" for label in range(1, STRUCTURES + 1)}
        (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")
        print_measured("rtstruct", [], folder, labels)
        print_measured("seg", ["--form", "binary"], folder, labels)
        print_measured("seg", ["--form", "labelmap"], folder, labels)


def print_measured(verb: str, form: list[str], folder: Path, labels: LabelArray) -> None:
    """Write and read the label map of a folder, and print what that took."""
    series, names = ["--series", folder / "series"], ["--names", folder / "names.json"]
    file, back = folder / "written.dcm", folder / "back.mha"
    print(verb, *form)
    print("  write:", measured(verb, "write", folder / "map.mha", *series, *names, *form, "--output", file))
    print("  read:", measured(verb, "read", file, *series, "--output", back))
    print("  file:", f"{file.stat().st_size / 1e6:.1f} MB")
    print("  voxels that differ:", int((array_of(sitk.ReadImage(str(back))) != labels).sum()))


if __name__ == "__main__":
    main()
