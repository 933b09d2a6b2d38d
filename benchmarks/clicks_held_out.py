"""Correct synthetic patients that no fold saw by the clicks of a simulated user, beside HECKTOR's ensemble.

    hnseg phantom hecktor --cases 20 --seed 9000 --output held_out
    python benchmarks/clicks_held_out.py held_out test_data/hn_uiseg/model test_data/hecktor/model \
        --output build/clicked

Every case with its PET and without; with the guard and without it. The Dice and the Hausdorff distance of a structure
are means over the cases whose reference has it, the latter where it is finite; false positives are those of all cases.
Beside them: how many voxels differ from the automatic label map farther than the guard's reach from every click. What
--output holds already is not made again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from held_out import ROOT, Way, collect, segment, without

from hnseg.cohort.clicked_case import UserOptions
from hnseg.cohort.clicks_work import clicks_work
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.references import with_references
from hnseg.cohort.loop import run_cohort
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.evaluation.clicks.record import CLICKS_FILE, EACH_LESION_FILE, Simulation, read_simulation
from hnseg.evaluation.measures.comparison import is_in_reference
from hnseg.evaluation.report import Metrics
from hnseg.evaluation.scoring import Rules, score_folder
from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.platform.challenge import load_challenge
from hnseg.refinement.guard import Guard

STRUCTURES = ("GTVp", "GTVn")
WAYS = {"CT and PET": Way(), "CT only": Way(without="pet-image")}
Structures = dict[str, Metrics]


def main() -> int:
    """Click, score and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, help="folder of hnseg phantom hecktor's cases")
    parser.add_argument("model", type=Path, help="ensemble with channels for clicks")
    parser.add_argument("beside", type=Path, help="ensemble of HECKTOR")
    parser.add_argument("--output", type=Path, required=True, help="folder for the simulations")
    parser.add_argument("--clicks", type=int, default=10)
    given = parser.parse_args()
    cases = sorted(given.cases.glob("case_*"))
    rows, users = [], []
    for title, way in WAYS.items():
        rows.append((f"{title}: HECKTOR's ensemble", *cells(of_hecktor(cases, given.beside, way))))
        for guard in (True, False):
            folder = given.output / f"{title}, {'guard' if guard else 'no guard'}"
            simulate(cases, given.model, way, UserOptions(clicks=given.clicks, guard=guard, each_lesion=True), folder)
            records = records_of(folder, CLICKS_FILE)
            if guard:
                rows.append((f"{title}: automatic", *cells([each.steps[0].structures for each in records])))
            for words, chosen in (
                ("a click in each lesion", records_of(folder, EACH_LESION_FILE)),
                (f"{given.clicks} clicks", records),
            ):
                last = [each.steps[-1].structures for each in chosen]
                rows.append((f"{title}: {words}, {folder.name.partition(', ')[2]}", *cells(last)))
            users.append((folder.name, *harm(records), *map(str, far_voxels(folder))))
    measures = ("DSC", "FP, ml", "HD, mm")
    columns = tuple(f"{measure} {name}" for measure, name in product(measures, STRUCTURES))
    print(Table((f"{len(cases)} held-out cases", *columns), tuple(rows)).as_markdown(), end="\n\n")
    headings = (
        "",
        "clicks",
        "that did harm",
        "that changed nothing",
        "held back, ml",
        "voxels changed",
        "of those far",
    )
    print(Table(headings, tuple(users)).as_markdown())
    return 0


def of_hecktor(cases: list[Path], model: Path, way: Way) -> list[Structures]:
    """Return the measures of each case by HECKTOR's pipeline."""
    with tempfile.TemporaryDirectory() as kept:
        output = load_challenge(ROOT / "containers/hecktor").spec.output.relative_path
        references = collect(cases, f"expected/{output}", Path(kept) / "references")
        predictions = segment("hecktor", cases, model, way, Path(kept) / "predictions", workers=1)
        report = score_folder("hn_uiseg", predictions, references, Rules())
    return [case.structures for case in report.cases]


def simulate(cases: Sequence[Path], model: Path, way: Way, user: UserOptions, folder: Path) -> None:
    """Click through every case; what is there already is kept."""
    container = ROOT / "containers/hn_uiseg"
    spec = load_challenge(container).spec
    found = [case for each in cases for case in with_references(find_cohort(each, spec), spec.output).cases]
    kept = [case.model_copy(update={"inputs": without(case.inputs, way.without)}) for case in found]
    store = CaseStore(folder.absolute())
    work = clicks_work(container, open_bundle(model), user)
    failed = run_cohort(kept, work, store, RunSettings(workers=1), say=lambda line: print(line, file=sys.stderr)).failed
    if failed and (status := store.status(failed[0])):
        sys.exit(f"{folder.name}, {failed[0]} failed: {status.reason}")


def records_of(folder: Path, name: str) -> list[Simulation]:
    """Return the records of all cases, in the order of their names."""
    return [read_simulation(path) for path in sorted(folder.glob(f"*/{name}"))]


def cells(cases: Sequence[Structures]) -> Iterator[str]:
    """Yield the means of each measure and structure over cases."""
    for measure, digits in (("dsc", 3), ("false_positive_ml", 2), ("hd_mm", 1)):
        for name in STRUCTURES:
            values = np.array([case[name][measure] for case in cases], np.float64)
            if measure == "dsc":
                values = values[[is_in_reference(case[name]) for case in cases]]
            yield f"{values[np.isfinite(values)].mean():.{digits}f}"


def harm(records: Sequence[Simulation]) -> tuple[str, ...]:
    """Return the numbers of clicks, of harmful ones and of those that changed nothing, and what was held back."""
    clicked = [step for each in records for step in each.steps[1:]]
    counts = (len(clicked), sum(step.does_harm for step in clicked), sum(not step.changed_voxels for step in clicked))
    return (*map(str, counts), f"{sum(step.held_back_ml for step in clicked):.1f}")


def far_voxels(folder: Path) -> tuple[int, int]:
    """Return how many voxels differ from the automatic label maps, and how many of these lie far from every click."""
    changed = far = 0
    for path in sorted(folder.glob(f"*/{CLICKS_FILE}")):
        maps = sorted(
            path.parent.glob("label_map_*.nii.gz"), key=lambda each: int(each.name.split("_")[2].split(".")[0])
        )
        first, last = (sitk.ReadImage(str(maps[place])) for place in (0, -1))
        index_xyz = np.argwhere(array_of(first) != array_of(last))[:, ::-1].astype(np.float64)
        points_mm = Grid.of(first).points_mm(index_xyz)
        clicks_mm = np.array([each.point for each in read_simulation(path).points])
        if len(index_xyz) and len(clicks_mm):
            distances_mm = np.linalg.norm(points_mm[:, None] - clicks_mm[None], axis=2).min(axis=1)
            changed, far = changed + len(index_xyz), far + int((distances_mm > Guard().reach_mm).sum())
    return changed, far


if __name__ == "__main__":
    sys.exit(main())
