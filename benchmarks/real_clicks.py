"""Corrections by clicks on real PET/CT: 16 soft-tissue sarcomas of thigh and leg, cross-validated, one structure.

    python benchmarks/real_clicks.py layout "$HNSEG_REAL_DATA/petctmr_sts" --work build/clicked_sts
    python benchmarks/real_clicks.py train --work build/clicked_sts --at-once 2
    python benchmarks/real_clicks.py click --work build/clicked_sts --at-once 2
    python benchmarks/real_clicks.py show --work build/clicked_sts

`sarcomas.py` says what these patients are. `layout` lays the files out as HECKTOR's of 2026, the GTV as GTVp. `train`
runs `hnseg-train` on them as a user would: HN-UISeg's demo preset, its two stages, from the weights of HECKTOR's demo
ensemble, which has seen phantoms only. `click` lets `hnseg simulate-clicks` correct each patient by the one fold that
never saw it, with the guard and without; each step called again goes on where it stopped. Beside the two stands a
brush: each click paints its ball, on the same first label map and by the same user. `show` prints the tables, and draws
the curves and each patient before and after.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from real_clicks_pictures import draw_curves, draw_patient
from sarcomas import (
    DESCRIPTION,
    GTVP,
    PATIENTS,
    Patient,
    convert_and_plan,
    lay_out,
    run_program,
    run_step,
    validation_patients,
)

from containers.hn_uiseg.spec import CT, PET
from hnseg.evaluation.clicks.record import CLICKS_FILE, Point, Simulation, Step, read_simulation
from hnseg.evaluation.clicks.simulated_user import Truth, UserRules
from hnseg.evaluation.clicks.simulation import Answer, by_errors, simulate
from hnseg.evaluation.tables import Table
from hnseg.imaging.geometry import Grid, array_of
from hnseg.imaging.prompts.click import Click

ROOT = Path(__file__).parents[1]
CHALLENGE, PRESET = "hn_uiseg", "demo-hn-uiseg"
STRUCTURE = "GTVp"
GUARDED, UNGUARDED, PAINTED = "with the guard", "without the guard", "a ball painted"
OPTIONS = {GUARDED: "--guard", UNGUARDED: "--no-guard"}
MOST_CLICKS = 10
SHOWN = (0, 1, 3, 5, 10)
SIGNS = ("positive", "negative")

Records = Mapping[str, Simulation]
"""Clicks by the patient."""


def main() -> int:
    """Run the step that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, metavar="STEP")
    layout = steps.add_parser("layout", help="lay the files out as the challenge's")
    layout.add_argument("source", type=Path, help="folder of STS_001 and so on")
    train = steps.add_parser("train", help="convert, plan, fit and export five folds")
    train.add_argument("--pretrain", type=int, default=4, help="epochs of the first stage (default: %(default)s)")
    train.add_argument("--interactive", type=int, default=4, help="epochs of the second (default: %(default)s)")
    train.add_argument("--iterations", type=int, default=60, help="of each epoch (default: %(default)s)")
    train.add_argument("--start-from", type=Path, default=ROOT / "test_data" / "hecktor" / "model")
    click = steps.add_parser("click", help="simulate clicks on what each fold was not trained on")
    show = steps.add_parser("show", help="print the tables, and draw")
    for step in (train, click):
        step.add_argument("--at-once", type=int, default=1, help="folds, each on one core (default: %(default)s)")
    run_step(parser, {layout: lay_out, train: train_folds, click: click_folds, show: show_results})
    return 0


def train_folds(given: argparse.Namespace) -> None:
    """Convert and plan, then train and export each fold, but for what an earlier call has finished."""
    convert_and_plan(CHALLENGE, given.work, PRESET)
    each_fold(partial(train_fold, given), given)


def train_fold(given: argparse.Namespace, fold: int) -> None:
    """Train a fold in its two stages, and export it alone."""
    named = (CHALLENGE, "--work", given.work / "training", "--folds", fold)
    schedule = ("--iterations", given.iterations, "--threads", 1, "--resume")
    first = ("--stage", "pretrain", "--epochs", given.pretrain, "--start-from", given.start_from)
    run_program("hnseg-train", "fit", *named, *schedule, *first)
    run_program("hnseg-train", "fit", *named, *schedule, "--stage", "interactive", "--epochs", given.interactive)
    model = given.work / "models" / f"fold_{fold}"
    shutil.rmtree(model, ignore_errors=True)
    run_program("hnseg-train", "export", *named, "--output", model, "--no-ranges", *DESCRIPTION)


def click_folds(given: argparse.Namespace) -> None:
    """Simulate clicks on each fold's own patients, with the guard and without."""
    each_fold(partial(click_fold, given.work), given)


def click_fold(work: Path, fold: int) -> None:
    """Simulate clicks on the patients that a fold was not trained on."""
    table = work / "cohorts" / f"fold_{fold}.csv"
    table.parent.mkdir(exist_ok=True)
    patients = [Patient.laid_out(work / PATIENTS / name) for name in validation_patients(CHALLENGE, work)[fold]]
    rows = [(each.name, *(each.files[file].absolute() for file in ("CT_image", "PET_image"))) for each in patients]
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("case", CT, PET), *rows])
    cases = (table, "--references", work / PATIENTS, "--most-clicks", MOST_CLICKS, "--workers", 1)
    for way, option in OPTIONS.items():
        output = folder_of(work, way) / f"fold_{fold}"
        run_program("hnseg", "simulate-clicks", work / "models" / f"fold_{fold}", *cases, option, "--output", output)


def each_fold(run: Callable[[int], None], given: argparse.Namespace) -> None:
    """Call a function with each fold, some at once; each runs a program of its own."""
    with ThreadPoolExecutor(given.at_once) as pool:
        list(pool.map(run, range(len(validation_patients(CHALLENGE, given.work)))))


def folder_of(work: Path, way: str) -> Path:
    """Return the folder of the clicks in one way."""
    return work / "clicks" / way.replace(" ", "_")


def show_results(given: argparse.Namespace) -> None:
    """Print the table of each way and of each patient, and draw."""
    files = {
        way: {path.parent.name: path for path in sorted(folder_of(given.work, way).glob(f"fold_*/*/{CLICKS_FILE}"))}
        for way in OPTIONS
    }
    ways = {way: {name: read_simulation(path) for name, path in found.items()} for way, found in files.items()}
    patients = {name: Patient.laid_out(given.work / PATIENTS / name) for name in sorted(ways[GUARDED])}
    ways[PAINTED] = {
        name: painted(patient, files[GUARDED][name].with_name("label_map_0.nii.gz"), ways[GUARDED][name])
        for name, patient in patients.items()
    }
    print(table_of_ways(ways).as_markdown(), table_of_patients(ways).as_markdown(), sep="\n\n")
    pictures = given.work / "pictures"
    pictures.mkdir(exist_ok=True)
    curves = {way: [dsc_line(record) for record in records.values()] for way, records in ways.items()}
    draw_curves(curves, pictures / "curves.png")
    for name, patient in patients.items():
        draw_patient(patient, files[GUARDED][name].parent, ways[GUARDED][name], pictures / f"{name}.png")


def painted(patient: Patient, first: Path, like: Simulation) -> Simulation:
    """Return the clicks of the same user on a label map in which each click paints its ball, and nothing else."""
    grid = Grid.of(patient.reference)
    truth = Truth(array_of(patient.reference), grid, {STRUCTURE: GTVP})
    label_map = array_of(sitk.ReadImage(str(first)))
    z, y, x = np.indices(label_map.shape, sparse=True)

    def paint(click: Click) -> Answer:
        """Return the label map with one more ball."""
        nonlocal label_map
        distances = zip((x, y, z), grid.index_xyz(np.array([click.point_mm]))[0], grid.spacing_mm, strict=True)
        squares = sum(((axis - at) * mm) ** 2 for axis, at, mm in distances)
        label_map = np.where(squares <= like.user.radius_mm**2, GTVP * click.is_positive, label_map).astype(np.uint8)
        return Answer(label_map)

    choose = by_errors(truth, UserRules(like.user.rule, like.user.radius_mm))
    seen = list(simulate(truth, Answer(label_map), paint, choose, MOST_CLICKS))
    points = tuple(Point(name=each.click.in_words, point=each.click.point_mm) for each in seen if each.click)
    return Simulation(points=points, user=like.user, steps=tuple(each.step for each in seen))


def step_at(record: Simulation, clicks: int) -> Step:
    """Return the step after a number of clicks; the last one where the user has made fewer."""
    return record.steps[min(clicks, len(record.steps) - 1)]


def dsc_of(step: Step) -> float:
    """Return the DSC of a step."""
    return float(step.structures[STRUCTURE]["dsc"] or 0.0)


def dsc_line(record: Simulation) -> list[float]:
    """Return the DSC after 0, 1, 2 and more clicks."""
    return [dsc_of(step_at(record, clicks)) for clicks in range(MOST_CLICKS + 1)]


def table_of_ways(ways: Mapping[str, Records]) -> Table:
    """Return a row for each way and number of clicks: DSC over the patients, volumes, and clicks that did harm."""
    headings = ("way", "clicks", "mean", "median", "quartiles", "least", "FP (ml)", "FN (ml)", "wrong (ml)", "harmful")
    rows = [
        (way, str(clicks), *row_of(list(records.values()), clicks)) for way, records in ways.items() for clicks in SHOWN
    ]
    return Table(headings, tuple(rows), naming_columns=2)


def row_of(records: Sequence[Simulation], clicks: int) -> tuple[str, ...]:
    """Return the cells of a number of clicks; those that did harm, of all that were made up to it."""
    steps = [step_at(record, clicks) for record in records]
    dsc = [dsc_of(step) for step in steps]
    low, high = np.percentile(dsc, (25, 75))
    volumes = (mean_of(step.structures[STRUCTURE][f"false_{sign}_ml"] for step in steps) for sign in SIGNS)
    made = [step for record in records for step in record.steps[1 : clicks + 1]]
    return (
        f"{np.mean(dsc):.3f}",
        f"{np.median(dsc):.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{min(dsc):.3f}",
        *(f"{volume:.2f}" for volume in volumes),
        f"{mean_of(step.wrong_ml for step in steps):.1f}",
        f"{sum(step.does_harm for step in made)} of {len(made)}",
    )


def mean_of(values: Iterable[float | None]) -> float:
    """Return the mean of values, none of which is undefined."""
    return float(np.mean([float(value or 0.0) for value in values]))


def table_of_patients(ways: Mapping[str, Records]) -> Table:
    """Return a row for each patient: DSC by the number of clicks with the guard, and after all of them otherwise."""
    headings = (
        "patient",
        *(f"{clicks} clicks" for clicks in SHOWN),
        "harmful",
        *(f"{MOST_CLICKS} clicks, {way}" for way in (UNGUARDED, PAINTED)),
    )
    rows = [
        (
            name,
            *(f"{dsc_of(step_at(record, clicks)):.3f}" for clicks in SHOWN),
            str(sum(step.does_harm for step in record.steps)),
            *(f"{dsc_of(step_at(ways[way][name], MOST_CLICKS)):.3f}" for way in (UNGUARDED, PAINTED)),
        )
        for name, record in ways[GUARDED].items()
    ]
    return Table(headings, tuple(rows))


if __name__ == "__main__":
    sys.exit(main())
