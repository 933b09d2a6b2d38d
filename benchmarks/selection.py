"""What choosing the best of several runs on few patients does to the validation score, beside nested cross-validation.

    hnseg phantom recurrence --cases 37 --layout challenge --output patients
    hnseg-train convert recurrence patients --output single --split 6:2:2 --runs 5
    hnseg-train plan recurrence --work single --preset recurrence
    hnseg-train fit recurrence --work single --validate
    for part in 1 2 3 4 5; do
      hnseg-train convert recurrence patients --output part_$part --split nested:$part/5
      hnseg-train plan recurrence --work part_$part --preset recurrence
      hnseg-train fit recurrence --work part_$part --validate
    done
    python benchmarks/selection.py patients --single single --nested part_* --output build/selection

Kutnár et al. (2023) report the best of five runs, each at its best epoch on seven patients: a Dice of .54 there, and
.26 on the seven of the test. The folds of --single are such runs on one split; those of --nested are the inner folds of
a part each. The test's patients are segmented through the container's own pipeline, by the exported network of a run,
or by the exported ensemble of a part's inner folds. Then the choice is simulated among candidates that are equally
good, from the Dice of every run on the patients that it was not trained on. Tables are markdown; --output keeps the
label maps and the Dice of each patient, and what it holds already is not made again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from held_out import Way, collect, segment
from selection_gap import Array, gaps
from selection_runs import Trained

from containers.recurrence.spec import CT, GTV, PET, SPEC
from hnseg.evaluation.scoring import Rules, score_folder
from hnseg.evaluation.statistics.intervals import bootstrap_interval
from hnseg.evaluation.tables import Table
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg_training.challenges.recurrence.sources import Source, find_sources
from hnseg_training.dataset.work_folder import read_json, write_json
from hnseg_training.export import Label, export

PUBLISHED = (0.54, 0.26)
RUNS, PATIENTS, EPOCHS = 5, 7, 10  # of the published choice; so many epochs of a run are as good as independent
DRAWS = 5000
SEED = 0

Dice = Mapping[str, float]


@dataclass(frozen=True)
class Tested:
    """Trained folds with their Dice on the patients kept for the test, by patient: a run each, or of all together."""

    trained: Trained
    dice: Sequence[Dice]


def main() -> int:
    """Segment, score, simulate and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patients", type=Path, help="folder that was converted")
    parser.add_argument("--single", type=Path, required=True, help="work folder whose folds are runs on one split")
    parser.add_argument("--nested", type=Path, nargs="+", required=True, help="work folders of the outer parts")
    parser.add_argument("--output", type=Path, required=True, help="folder for label maps and values")
    parser.add_argument("--preset", help="of hnseg-train, where several are planned")
    parser.add_argument("--checkpoint", choices=("final", "best"), default="final", help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="patients at a time (default: %(default)s)")
    given = parser.parse_args()
    single = Trained.opened(given.single, given.preset)
    parts = sorted((Trained.opened(folder, given.preset) for folder in given.nested), key=part_of)
    check_single(single)
    check_parts(parts)
    runs = [tested(f"run_{run}", single, [run], given) for run in range(len(single.runs))]
    of_parts = [Tested(each, [tested(f"part_{part_of(each)}", each, None, given)]) for each in parts]
    tables = tables_of(Tested(single, runs), of_parts)
    print("\n\n".join(table.as_markdown() for table in tables))
    return 0


def part_of(trained: Trained) -> int:
    """Return the number of an outer part."""
    split = trained.record["split"]
    if not (split and "part" in split):
        sys.exit(
            f"{trained.work.root} must be a part of a nested cross-validation: convert it with --split nested:1/5."
        )
    return int(split["part"])


def check_single(single: Trained) -> None:
    """Check that the folds are runs on one split with a test."""
    if not single.test or any(split != single.splits[0] for split in single.splits):
        sys.exit(f"{single.work.root} must have one split with a test in all folds: convert it with --split 6:2:2.")


def check_parts(parts: Sequence[Trained]) -> None:
    """Check that the outer parts are different ones of the same cross-validation."""
    dealt = {(part.record["seed"], part.record["split"]["parts"]) for part in parts}
    names = [name for part in parts for name in part.test]
    if len(dealt) > 1 or len(names) > len(set(names)):
        sys.exit("The outer parts must be different ones of the same --seed and number, and share no patient.")


def tested(name: str, trained: Trained, folds: Sequence[int] | None, given: argparse.Namespace) -> Dice:
    """Return the Dice of exported folds, of all for None, on each patient kept for the test; NaN where undefined."""
    values, output = given.output / f"{name}.json", SPEC.output.relative_path
    if not values.is_file():
        sources = {source.name: source for source in find_sources(given.patients).sources}
        chosen = list(range(len(trained.runs))) if folds is None else list(folds)
        given.output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=given.output) as kept:
            label = Label(name, version="1", licence="not stated", training_data=trained.work.dataset)
            places = {"folds": chosen, "checkpoint": given.checkpoint}
            export(trained.work, trained.preset, Path(kept) / "model", **places, label=label, workers=None)
            cases = [lay_out(sources[patient], Path(kept) / "cases") for patient in trained.test]
            references = collect(cases, f"expected/{output}", Path(kept) / "references")
            predictions = segment(SPEC.name, cases, Path(kept) / "model", Way(), Path(kept) / "made", given.workers)
            report = score_folder(SPEC.name, predictions, references, Rules())
            predictions.replace(given.output / name)
        write_json(values, {case.name: case.structures["recurrence"]["dsc"] for case in report.cases})
        print(f"{name}: {report.score:.3f}", file=sys.stderr)
    return {patient: np.nan if dice is None else float(dice) for patient, dice in read_json(values).items()}


def lay_out(source: Source, folder: Path) -> Path:
    """Write a patient's files as the container gets them, and all recurrences in one label map on the CT's grid."""
    case = folder / source.name
    for stem, slug in (("ct", CT), ("pet", PET), ("gtv", GTV)):
        socket = case / "input" / SPEC.input(slug).relative_path
        socket.mkdir(parents=True)
        shutil.copyfile(source.images[stem], socket / source.images[stem].name)
    grid = Grid.of(read_volume(source.images["ct"], title="CT"))
    each = [resample_label_map(read_volume(path, title="recurrence") > 0, grid) for path in source.recurrences]
    expected = case / "expected" / SPEC.output.relative_path
    expected.mkdir(parents=True)
    sitk.WriteImage(reduce(sitk.Or, each), str(expected / "output.mha"), useCompression=True)
    return case


def tables_of(single: Tested, parts: Sequence[Tested]) -> list[Table]:
    """Return the tables of the runs, of the parts, of validation beside test, and of the simulated choice."""
    return [of_runs(single), of_parts(parts), beside_test(single, parts), simulated(measured(single))]


def of_runs(single: Tested) -> Table:
    """Return a row a run of the single split, their mean, and the one that is chosen by its best epoch."""
    runs, chosen = single.trained.runs, single.trained.chosen
    split = single.trained.splits[0]
    values = [
        (run.best_dice, run.late_dice, mean(run.dice), mean(dice)) for run, dice in zip(runs, single.dice, strict=True)
    ]
    rows = [(f"run {number}", str(runs[number].best_epoch), *cells(row)) for number, row in enumerate(values)]
    rows.append(("mean of the runs", "", *cells(np.mean(values, axis=0).tolist())))
    rows.append((f"chosen: run {chosen}", str(runs[chosen].best_epoch), *cells(values[chosen])))
    counts = f"single split of {len(split['train'])}, {len(split['val'])} and {len(single.trained.test)} patients"
    best = f"validation, best epoch ({runs[0].best_on})"
    headings = (counts, "best epoch", best, "last tenth of the epochs", "validation, final weights", "test")
    return Table(headings, tuple(rows))


def of_parts(parts: Sequence[Tested]) -> Table:
    """Return a row an outer part, and what they come to."""
    values = [of_part(part) for part in parts]
    rows = [
        (f"part {part_of(part.trained)}", str(len(part.trained.runs)), str(len(part.trained.test)), *cells(row))
        for part, row in zip(parts, values, strict=True)
    ]
    spread = zip(np.mean(values, axis=0), deviations(values), strict=True)
    rows.append(("mean ± SD of the parts", "", "", *(f"{mid:.3f} ± {sd:.3f}" for mid, sd in spread)))
    best = f"validation, best epoch ({parts[0].trained.runs[0].best_on})"
    headings = ("nested", "inner folds", "patients tested", best, "validation, final weights", "test, ensemble")
    return Table(headings, tuple(rows))


def of_part(part: Tested) -> tuple[float, float, float]:
    """Return an outer part's validation at the best epochs and of the final weights, and its test."""
    runs = part.trained.runs
    last = [dice for run in runs for dice in run.dice.values()]
    return float(np.mean([run.best_dice for run in runs])), float(np.nanmean(last)), mean(part.dice[0])


def beside_test(single: Tested, parts: Sequence[Tested]) -> Table:
    """Return validation beside test of the run that is chosen, of a run, of the nested parts and of the paper."""
    runs, chosen = single.trained.runs, single.trained.chosen
    best, tests = [run.best_dice for run in runs], [mean(dice) for dice in single.dice]
    nested = np.mean([of_part(part) for part in parts], axis=0)
    values = np.array([dice for part in parts for dice in part.dice[0].values() if not np.isnan(dice)])
    low, high = bootstrap_interval(lambda drawn: float(values[drawn].mean()), len(values), np.random.default_rng(SEED))
    rows = {
        f"single split, best of {len(runs)} runs at its best epoch": (best[chosen], tests[chosen]),
        f"single split, mean of {len(runs)} runs at their best epochs": (float(np.mean(best)), float(np.mean(tests))),
        f"nested, {len(parts)} parts at their best epochs": (nested[0], nested[2]),
        f"nested, {len(parts)} parts with their final weights": (nested[1], nested[2]),
        f"published, best of {RUNS} runs at its best epoch": PUBLISHED,
    }
    cases = tuple((row, *cells((validation, test, validation - test))) for row, (validation, test) in rows.items())
    of_all = (f"nested, all {len(values)} tested", "", f"{values.mean():.3f} ({low:.3f} to {high:.3f})", "")
    return Table(("mean DSC", "validation", "test", "overstated by"), (*cases, of_all))


def measured(single: Tested) -> Array:
    """Return the Dice of every run on the patients of validation and test, (runs, patients), where all have one."""
    runs = zip(single.trained.runs, single.dice, strict=True)
    dice = np.array([[*map(run.dice.get, sorted(run.dice)), *map(of.get, sorted(of))] for run, of in runs], np.float64)
    return dice[:, ~np.isnan(dice).any(axis=0)]


def simulated(dice: Array) -> Table:
    """Return what the choice among equally good candidates overstates, for several numbers of them and of patients."""
    rows = []
    for patients in (PATIENTS, 5 * PATIENTS):
        for title, choices in {
            "no choice": 1,
            f"best of {RUNS} runs": RUNS,
            f"best of {RUNS} runs x {EPOCHS} epochs": RUNS * EPOCHS,
        }.items():
            drawn = gaps(dice, choices=choices, patients=patients, draws=DRAWS, rng=np.random.default_rng(SEED))
            low, high = np.percentile(drawn, (2.5, 97.5))
            published = (drawn >= PUBLISHED[0] - PUBLISHED[1]).mean()
            row = (f"{drawn.mean():.3f}", f"{low:.3f} to {high:.3f}", f"{100 * published:.1f} %")
            rows.append((title, str(patients), *row))
    headings = ("simulated choice", "patients", "overstated by", "95 % of the gaps", "gaps like the published")
    return Table(headings, tuple(rows))


def mean(dice: Dice) -> float:
    """Return the mean over patients, undefined values left out."""
    return float(np.nanmean(list(dice.values())))


def deviations(values: Sequence[Sequence[float]]) -> Array:
    """Return the standard deviation of each column; 0 of one row."""
    deviation: Array = np.std(values, axis=0, ddof=int(len(values) > 1))
    return deviation


def cells(values: Sequence[float]) -> tuple[str, ...]:
    """Return values as a table shows them."""
    return tuple(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
