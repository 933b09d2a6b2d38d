"""A case of the public data's size through the container, under the platform's limits: time and memory of each stage.

    python benchmarks/full_size.py han_seg --columns 1024 --slices 202
    python benchmarks/full_size.py hnts_mrg --mask path/to/8_preRT_mask_registered.nii.gz
    python benchmarks/full_size.py hecktor
    python benchmarks/full_size.py recurrence --model build/untrained

The scans are a phantom's. HNTS-MRG's have the grid of the mask that is given; that mask, a real one, becomes the
registered prior. It does not fit the phantom's tumours, so the score of such a case means nothing. HaN-Seg's CT shows
512 x 512 x 303 mm in as many voxels as asked for. HECKTOR's CT and PET go from the vertex to the thighs on 300 slices;
drawing them takes minutes, so that --case may name a case that is there. Those of recurrences do so on 200. What the
rehearsal finds is kept in build/full_size: rehearsal.html, the output and the logs. Options that are not its own (see
--help) go to `hnseg rehearse`, such as --model, --edition, --image, --engine.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.phantom.challenges import han_seg, hecktor, hnts_mrg, recurrence
from hnseg.phantom.challenges.hecktor.patient import Scanners
from hnseg.phantom.scanners.grids import Acquisition

ROOT = Path(__file__).parents[1]
PRIOR = Path("input/images/registered-pre-rt-head-neck-segmentation")
FIELD_MM = (512.0, 512.0, 303.0)
BODY_MM = (501.76, 501.76, 980.0)
MR = Acquisition((352, 352), (352, 352), (48, 48), (0.6, 0.6, 3.0))
LOADED = re.compile(r"^ensemble loaded (?P<seconds>[\d.]+) s after process start$")
STAGE = re.compile(r"^(?P<stage>.+): (?P<seconds>[\d.]+) s, peak memory (?P<gib>[\d.]+) GiB$")


def main() -> int:
    """Make the case, rehearse it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge", choices=("hnts_mrg", "han_seg", "hecktor", "recurrence"))
    parser.add_argument("--mask", type=Path, help="hnts_mrg: a registered pre-RT mask of the public data set")
    parser.add_argument("--columns", type=int, default=512, help="han_seg, recurrence: of the CT, and as many rows")
    parser.add_argument("--slices", type=int, default=200, help="han_seg, recurrence: of the CT")
    parser.add_argument("--case", type=Path, help="a case that is there already, in place of a new one")
    parser.add_argument("--seed", type=int, default=0, help="of the phantom")
    parser.add_argument("--output", type=Path, default=ROOT / "build/full_size", help="keeps case and report")
    given, options_of_rehearse = parser.parse_known_args()
    if given.challenge == "hnts_mrg" and not (given.mask or given.case):
        parser.error("hnts_mrg needs --mask")
    shutil.rmtree(given.output, ignore_errors=True)
    case = given.case or make_case(given)
    result = rehearse(given.challenge, case, given.output / "report", options_of_rehearse)
    (of_case,) = result["cases"]
    grid = max((Grid.of(image) for image in scans_of(case)), key=lambda grid: grid.size_xyz)
    print(table_of(of_case).as_markdown())
    print(
        f"\n{' x '.join(map(str, grid.size_xyz))} voxels of {' x '.join(f'{mm:.4g}' for mm in grid.spacing_mm)} mm,"
        f" {result['engine']} on {result['machine']['cpus']:g} processors ({result['machine']['cpu']}),"
        f" {margin_in_words(result, of_case)}. {result['verdict']}"
    )
    provenance = of_case["provenance"] or {}
    for note in [*provenance.get("notes", []), f"Effort: {provenance.get('effort')}"]:
        print(f"* {note}")
    return 0 if result["passed"] else 1


def make_case(given: argparse.Namespace) -> Path:
    """Write the case that is asked for."""
    if given.challenge == "hnts_mrg":
        return hnts_mrg_case(given.mask, given.seed, given.output)
    if given.challenge == "hecktor":
        return hecktor_case(given.seed, given.output)
    size = (given.columns, given.columns, given.slices)
    if given.challenge == "recurrence":
        return recurrence_case(size, given.seed, given.output)
    return han_seg_case(size, given.seed, given.output)


def hnts_mrg_case(mask_file: Path, seed: int, output: Path) -> Path:
    """Write a phantom's case on a grid as fine as a mask's, with that mask as its registered prior."""
    mask = sitk.ReadImage(str(mask_file))
    columns, rows, slices = mask.GetSize()
    acquisition = Acquisition((columns, columns), (rows, rows), (slices, slices), mask.GetSpacing())
    variant = hnts_mrg.Variant(primary=True, nodes=True, acquisition=acquisition)
    patient = hnts_mrg.draw_patient(seed, 0, variant=variant)
    case = hnts_mrg.write_container_case(patient, output)
    (prior,) = (case / PRIOR).iterdir()
    # The voxels move to the phantom's place in the world; their number and size are the same.
    sitk.WriteImage(image_of(array_of(mask), Grid.of(patient.mid_t2w)), str(prior), useCompression=True)
    return case


def han_seg_case(size_xyz: tuple[int, int, int], seed: int, output: Path) -> Path:
    """Write a phantom's case whose CT has so many voxels."""
    columns, rows, slices = size_xyz
    x, y, z = (field_mm / n for field_mm, n in zip(FIELD_MM, size_xyz, strict=True))
    ct = Acquisition((columns, columns), (rows, rows), (slices, slices), (x, y, z))
    variant = han_seg.Variant(scanners=han_seg.Scanners(ct, MR), tilt_deg=0.0, metal=False)
    return han_seg.write_container_case(han_seg.draw_patient(seed, 0, variant=variant), output)


def hecktor_case(seed: int, output: Path) -> Path:
    """Write a phantom's whole-body case: CT of 512 x 512 x 300 voxels, PET of 168 x 168 x 300."""
    variant = hecktor.Variant(primary=True, node_count=4, faint=0.25, whole_body=True)
    return hecktor.write_container_case(hecktor.draw_patient(seed, 0, grid="full", variant=variant), output)


def recurrence_case(size_xyz: tuple[int, int, int], seed: int, output: Path) -> Path:
    """Write a phantom's whole-body case with recurrences, whose CT has so many voxels; PET of as many slices."""
    columns, rows, slices = size_xyz
    x, y, z = (field_mm / n for field_mm, n in zip(BODY_MM, size_xyz, strict=True))
    ct = Acquisition((columns, columns), (rows, rows), (slices, slices), (x, y, z))
    pet = Acquisition((168, 168), (168, 168), (slices, slices), (4.07, 4.07, z))
    scanned = hecktor.Variant(primary=True, node_count=4, faint=0.25, whole_body=True, scanners=Scanners(ct, pet))
    variant = recurrence.Variant(scanned, recurrences=3, has_brain=False)
    return recurrence.write_container_case(recurrence.draw_patient(seed, 0, variant=variant), output)


def scans_of(case: Path) -> Iterator[sitk.Image]:
    """Read the images of every input socket."""
    for path in sorted((case / "input/images").glob("*/*")):
        yield sitk.ReadImage(str(path))


def rehearse(challenge: str, case: Path, report: Path, options: list[str]) -> dict[str, Any]:
    """Run `hnseg rehearse` on the case and return what is in rehearsal.json."""
    hnseg = Path(sys.executable).with_name("hnseg")
    command = [hnseg, "rehearse", ROOT / "containers" / challenge, "--case", case, "--report", report, *options]
    subprocess.run(command, stdout=sys.stderr, check=False)  # a failed case has a report too
    found: dict[str, Any] = json.loads((report / "rehearsal.json").read_text())
    return found


def table_of(case: dict[str, Any]) -> Table:
    """Return one row a stage, one for each step of the prediction, and one for the whole case."""
    steps_s = (case["provenance"] or {}).get("predict_s", {})
    rows, stages_s = [], 0.0
    for line in case["stdout_tail"]:
        if found := LOADED.match(line):
            rows.append(("start, imports, loading the ensemble", found["seconds"], ""))
        elif found := STAGE.match(line):
            if found["stage"] == "predict":
                rows += [(f"predict, of which {step.replace('_', ' ')}", f"{s:.1f}", "") for step, s in steps_s.items()]
            rows.append((found["stage"], found["seconds"], found["gib"]))
        stages_s += float(found["seconds"]) if found else 0.0
    rows.append(("outside these, or in a stage that did not end", f"{case['time_s'] - stages_s:.1f}", ""))
    rows.append(("the whole case, as the rehearsal saw it", f"{case['time_s']:.1f}", f"{peak_gib(case):.2f}"))
    return Table(("stage", "time (s)", "peak memory so far (GiB)"), tuple(rows))


def peak_gib(case: dict[str, Any]) -> float:
    """Return a case's memory; without the file cache, which the kernel drops at need, where that can be told apart."""
    program_gib: float | None = case["peak_program_gib"]
    return program_gib if program_gib is not None else float(case["peak_total_gib"])


def margin_in_words(result: dict[str, Any], case: dict[str, Any]) -> str:
    """Say what the limits are and how much of them a case left."""
    # The report holds the memory limit in words, such as 16 GiB.
    ram_gib = next(float(rule["value"].split()[0]) for rule in result["limits"] if rule["name"] == "memory")
    limit_s = case["time_limit_s"]
    left = f"{limit_s - case['time_s']:.0f} s and {ram_gib - peak_gib(case):.1f} GiB"
    return f"limits {limit_s:g} s and {ram_gib:g} GiB, of which {left} are left"


if __name__ == "__main__":
    sys.exit(main())
