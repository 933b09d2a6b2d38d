"""A case of the public data's size through the container, under the platform's limits: time and memory of each stage.

    python benchmarks/full_size.py path/to/8_preRT_mask_registered.nii.gz

The scans are a phantom's, on a grid as fine as the mask that is given; that mask, a real one, becomes the registered
prior. It does not fit the phantom's tumours, so the score of such a case means nothing. What the rehearsal finds is
kept in build/full_size: rehearsal.html, the output and the logs. Options that are not its own (see --help) go to
`hnseg rehearse`, such as --model, --image, --engine.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.grids import Acquisition
from hnseg.phantom.hnts_mrg import Variant, draw_patient, write_container_case

ROOT = Path(__file__).parents[1]
PRIOR = Path("input/images/registered-pre-rt-head-neck-segmentation")
LOADED = re.compile(r"^ensemble loaded (?P<seconds>[\d.]+) s after process start$")
STAGE = re.compile(r"^(?P<stage>.+): (?P<seconds>[\d.]+) s, peak memory (?P<gib>[\d.]+) GiB$")


def main() -> int:
    """Make the case, rehearse it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mask", type=Path, help="a registered pre-RT mask of the public data set")
    parser.add_argument("--seed", type=int, default=0, help="of the phantom")
    parser.add_argument("--output", type=Path, default=ROOT / "build/full_size", help="keeps case and report")
    given, options_of_rehearse = parser.parse_known_args()
    shutil.rmtree(given.output, ignore_errors=True)
    case = make_case(given.mask, given.seed, given.output)
    result = rehearse(case, given.output / "report", options_of_rehearse)
    (of_case,) = result["cases"]
    grid = Grid.of(sitk.ReadImage(str(given.mask)))
    print(table_of(of_case).as_markdown())
    print(
        f"\n{' x '.join(map(str, grid.size_xyz))} voxels of {' x '.join(f'{mm:.4g}' for mm in grid.spacing_mm)} mm,"
        f" {result['engine']} on {result['machine']['cpus']:g} processors ({result['machine']['cpu']}),"
        f" limits {of_case['time_limit_s']:g} s and {ram_limit(result)}. {result['verdict']}"
    )
    for note in (of_case["provenance"] or {}).get("notes", []):
        print(f"* {note}")
    return 0 if result["passed"] else 1


def make_case(mask_file: Path, seed: int, output: Path) -> Path:
    """Write a phantom's case on a grid as fine as a mask's, with that mask as its registered prior."""
    mask = sitk.ReadImage(str(mask_file))
    columns, rows, slices = mask.GetSize()
    acquisition = Acquisition((columns, columns), (rows, rows), (slices, slices), mask.GetSpacing())
    patient = draw_patient(seed, 0, variant=Variant(primary=True, nodes=True, acquisition=acquisition))
    case = write_container_case(patient, output)
    (prior,) = (case / PRIOR).iterdir()
    # The voxels move to the phantom's place in the world; their number and size are the same.
    sitk.WriteImage(image_of(array_of(mask), Grid.of(patient.mid_t2w)), str(prior), useCompression=True)
    return case


def rehearse(case: Path, report: Path, options: list[str]) -> dict[str, Any]:
    """Run `hnseg rehearse` on the case and return what is in rehearsal.json."""
    hnseg = Path(sys.executable).with_name("hnseg")
    command = [hnseg, "rehearse", ROOT / "containers/hnts_mrg", "--case", case, "--report", report, *options]
    subprocess.run(command, stdout=sys.stderr, check=False)  # a failed case has a report too
    found: dict[str, Any] = json.loads((report / "rehearsal.json").read_text())
    return found


def table_of(case: dict[str, Any]) -> Table:
    """Return one row a stage and one for the whole case."""
    rows = []
    for line in case["stdout_tail"]:
        if found := LOADED.match(line):
            rows.append(("start, imports, loading the ensemble", found["seconds"], ""))
        elif found := STAGE.match(line):
            rows.append((found["stage"], found["seconds"], found["gib"]))
    rest_s = case["time_s"] - sum(float(seconds) for _, seconds, _ in rows)
    rows.append(("outside these, or in a stage that did not end", f"{rest_s:.1f}", ""))
    # The file cache, which the kernel drops when it needs the room, is left out where it can be told apart.
    peak_gib = case["peak_total_gib"] if case["peak_program_gib"] is None else case["peak_program_gib"]
    rows.append(("the whole case, as the rehearsal saw it", f"{case['time_s']:.1f}", f"{peak_gib:.2f}"))
    return Table(("stage", "time (s)", "peak memory so far (GiB)"), tuple(rows))


def ram_limit(result: dict[str, Any]) -> str:
    """Return the memory limit in the report's words."""
    return next(rule["value"] for rule in result["limits"] if rule["name"] == "memory")


if __name__ == "__main__":
    sys.exit(main())
