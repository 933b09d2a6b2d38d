"""Compare what predicts recurrence volumes on synthetic patients that no network saw: networks, SUVmax, and the GTV.

    hnseg phantom recurrence --cases 40 --seed 9000 --output held_out
    python benchmarks/recurrence.py held_out "random"=MODEL_DIR "fine-tuned"=MODEL_DIR --output build/recurrence

Each method runs as in the container, by the loop over cases. The tables are markdown, the first as Table 1 of Kutnár et
al. 2023. --output keeps the predictions, so that a second call goes on where the first stopped, with `comparison.json`,
`captures.png` and the page `report.html`. In the place of a model folder may stand what `hnseg cohort` wrote with one.

A network's threshold is that of its method.json, one half unless it says otherwise. Rows with a star have the highest
threshold at which the network captures as many origins as the GTV on these same patients, which flatters it. Without
that: run it on other patients first, and give the threshold found there by --threshold "fine-tuned"=0.35.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from recurrence_tables import GTV, beside_the_gtv, gtv_of, tests_against_the_gtv, threshold_for

from hnseg.cli.recurrence.page import as_page
from hnseg.cli.recurrence.pictures import draw_patients
from hnseg.cohort.challenge_work import challenge_work
from hnseg.cohort.finding.find import find_cohort as find_cases
from hnseg.cohort.loop import run_cohort
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.status import STATUS_FILE
from hnseg.cohort.state.store import CaseStore
from hnseg.drawing.volumes import method_colours
from hnseg.evaluation.challenges.recurrence import Options, compare_methods
from hnseg.evaluation.recurrence.comparison import Comparison, MethodScore
from hnseg.evaluation.recurrence.methods import Cohort, Method, find_cohort
from hnseg.evaluation.recurrence.patient_score import Recurrences
from hnseg.evaluation.recurrence.picture import draw_captures
from hnseg.evaluation.recurrence.summary import RULES
from hnseg.evaluation.recurrence.tables import captures_table, differences_table, explanation
from hnseg.evaluation.recurrence.threshold_curve import Curve, curve_of, patient_curve
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.labelling.foreground import Foreground
from hnseg.platform.challenge import load_challenge
from hnseg.rule.model import open_model

CONTAINER = Path(__file__).parents[1] / "containers/recurrence"
RULES_ALONE = ("suvmax", GTV)
"""Rules that need no network."""
THRESHOLDS = (
    *(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005),
    *(step / 100 for step in range(1, 100)),
    *(0.995, 0.998, 0.999),
)
"""Thresholds among which a network's is looked for; closer near 0 and 1, where a Dice loss drives probabilities."""


@dataclass(frozen=True)
class Wanted:
    """What is compared on which patients.

    Attributes:
        cases: Folder of the container's cases with what is expected.
        models: Model folder of each network by its name, or the outputs of one; perhaps those of a rule by its own.
        thresholds: Names of networks, each with a threshold chosen on other patients.
    """

    cases: Path
    models: Mapping[str, Path]
    thresholds: Sequence[tuple[str, float]] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every method, score, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, help="folder of hnseg phantom recurrence's cases")
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL_DIR")
    parser.add_argument("--threshold", action="append", default=[], metavar="NAME=NUMBER", help="of other patients")
    parser.add_argument("--output", type=Path, help="folder for predictions, scores and pictures")
    parser.add_argument("--workers", type=int, default=1, help="cases at a time (default: %(default)s)")
    given = parser.parse_args(arguments)
    models = {name: Path(folder) for name, folder in (one.split("=", 1) for one in given.models)}
    thresholds = [(name, float(number)) for name, number in (one.split("=", 1) for one in given.threshold)]
    if unknown := {name for name, _ in thresholds} - models.keys():
        parser.error(f"--threshold must name one of the networks, but {', '.join(sorted(unknown))} is none")
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Wanted(given.cases, models, thresholds)
        print(compared(wanted, given.output or Path(temporary), workers=given.workers, draw=bool(given.output)))
    return 0


def compared(wanted: Wanted, folder: Path, *, workers: int = 1, draw: bool = False) -> str:
    """Return the tables and what they mean, in markdown.

    Args:
        wanted: Methods and patients.
        folder: Folder for predictions, and for scores and pictures if these are drawn.
        workers: Number of cases at a time.
        draw: Whether scores, curves and page are written too.
    """
    models = {**{rule: rule_model(rule, folder / "models" / rule) for rule in RULES_ALONE}, **wanted.models}
    runs = {name: outputs_of(wanted.cases, model, folder / "runs" / name, workers) for name, model in models.items()}
    rules = [Method(rule, runs.pop(rule)) for rule in RULES_ALONE]
    methods = [Method(name, run, run) for name, run in runs.items()]
    networks = find_cohort(methods, wanted.cases)
    for name, threshold in wanted.thresholds:
        row = f"{name}, over {threshold:g}"
        methods.append(Method(row, at_threshold(networks, name, threshold, folder / "thresholds" / row)))
    methods += rules
    cohort = replace(find_cohort(methods, wanted.cases, images=wanted.cases), notes=())  # on reports and CTVs
    comparison = compare_methods(cohort, Options())
    if draw:
        write_pictures(comparison, cohort, folder)
    starred = {name: as_the_gtv(networks, name, comparison, wanted.cases, folder / "starred") for name in runs}
    return in_words(comparison, starred)


def rule_model(rule: str, folder: Path) -> Path:
    """Write the model folder of a rule without a network and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "method.json").write_text(json.dumps({"rule": rule}), encoding="utf-8")
    return folder


def outputs_of(cases: Path, model_dir: Path, folder: Path, workers: int) -> Path:
    """Run the container's method on each case by the loop over cases, and return the folder of its outputs.

    Where the model folder is none, but what `hnseg cohort` wrote with one, that is returned.
    """
    if any(model_dir.glob(f"*/{STATUS_FILE}")):
        return model_dir
    challenge = load_challenge(CONTAINER)
    store = CaseStore(folder.absolute())
    work = challenge_work(CONTAINER, open_model(model_dir, challenge.method), limit_s=math.inf)
    found, settings = find_cases(cases, challenge.spec).cases, RunSettings(workers=workers)
    failed = run_cohort(found, work, store, settings, say=lambda line: print(line, file=sys.stderr)).failed
    if failed and (status := store.status(failed[0])):
        sys.exit(f"{folder.name}, {failed[0]} failed: {status.reason}")
    return folder


def at_threshold(cohort: Cohort, method: str, threshold: float, folder: Path) -> Path:
    """Write the label maps of a network by another threshold, as its container would, and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for patient in cohort.patients:
        probability = sitk.ReadImage(str(patient.probabilities[method]))
        foreground = Foreground(array_of(probability)[np.newaxis], Grid.of(probability))
        sitk.WriteImage(foreground.over(threshold, label=1), str(folder / f"{patient.name}.mha"), True)
    return folder


def as_the_gtv(cohort: Cohort, name: str, comparison: Comparison, cases: Path, folder: Path) -> list[MethodScore]:
    """Return a network's scores by the highest thresholds that capture as many origins as the GTV, by either rule."""
    curve, counts = curve_in(cohort, name), gtv_of(comparison).overall
    rules: dict[float, list[str]] = {}
    for rule in RULES:
        point = threshold_for(curve, int(counts[f"origins_captured_by_{rule}"] or 0), rule)
        if point is not None:
            rules.setdefault(point.threshold, []).append(rule)
    methods = []
    for threshold, found in rules.items():
        row = f"{name}, over {threshold:g}: the GTV's origins by {' and '.join(found)} *"
        methods.append(Method(row, at_threshold(cohort, name, threshold, folder / f"{name}, over {threshold:g}")))
    return list(compare_methods(find_cohort(methods, cases), Options()).methods) if methods else []


def curve_in(cohort: Cohort, method: str) -> Curve:
    """Return the curve of a network's captured origins over the thresholds that are looked at."""
    curves = []
    for patient in cohort.patients:
        reference = patient.read_reference()
        recurrences = Recurrences.of(reference, name=patient.name, core=Options().core)
        values = array_of(patient.read_probability(method, reference))
        curves.append(patient_curve(values, recurrences, THRESHOLDS))
    return curve_of(curves, THRESHOLDS)


def write_pictures(comparison: Comparison, cohort: Cohort, folder: Path) -> None:
    """Write the scores, the curves of captures against volume, and the page with pictures of patients."""
    (folder / "comparison.json").write_text(comparison.model_dump_json(indent=2) + "\n", encoding="utf-8")
    colours = method_colours([method.name for method in comparison.methods])
    draw_captures(comparison, folder / "captures.png", colours)
    page = as_page(comparison, draw_patients(cohort, comparison))
    (folder / "report.html").write_text(page, encoding="utf-8")


def in_words(comparison: Comparison, starred: Mapping[str, Sequence[MethodScore]]) -> str:
    """Return tables and sentences in markdown: the methods beside the GTV, the tests, and what they mean.

    Args:
        comparison: Comparison of all methods.
        starred: Scores of each network by thresholds that were chosen on these patients, by its name.
    """
    rows = [row for method in comparison.methods for row in (method, *starred.get(method.name, ()))]
    lines = list(explanation(comparison))
    if any(starred.values()):
        lines.append(
            "*: the highest threshold at which the network captures as many origins as the GTV, chosen on these same"
            " patients, which flatters it: no test is made of it."
        )
    lines += [
        f"{name} captures fewer origins than the GTV at every threshold from {THRESHOLDS[0]:g} up."
        for name, own in starred.items()
        if not own
    ]
    tables = (
        beside_the_gtv(comparison, rows),
        tests_against_the_gtv(comparison),
        differences_table(comparison),
        captures_table(comparison),
    )
    return "\n\n".join([*(table.as_markdown() for table in tables), *lines])


if __name__ == "__main__":
    sys.exit(main())
