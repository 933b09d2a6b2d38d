"""Measure whether an ensemble's uncertainty finds its errors, on converted cases that it was not trained on.

    hnseg phantom hecktor --layout challenge --cases 40 --seed 9000 --output phantoms
    hnseg-train convert hecktor phantoms --output held_out --settings winner
    python benchmarks/uncertainty_quality.py hecktor held_out test_data/hecktor/model

Every case is segmented by all folds twice: with all channels, and with only the first one, the others being 0 as where
their image is missing. Voxels are those within 10 mm of the surfaces of reference and prediction. Errors of voxels are
looked for by entropy, by mutual information, and by the rule that a voxel near the predicted surface is doubtful;
structures of low Dice by the table's values, and by the rule that a small structure is. Entropies are taken without
temperatures and, where the model is calibrated, with them. Tables are markdown; --json keeps the structures' values.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import entr, log_softmax

from hnseg.evaluation.calibration.proper_scores import brier_score
from hnseg.evaluation.calibration.reliability import bins_of_equal_width, expected_calibration_error
from hnseg.evaluation.calibration.surface_band import surface_distance_mm
from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.statistics.auroc import auroc
from hnseg.evaluation.tables import Table
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.labelling.structure_table import StructureUncertainty
from hnseg.inference.labelling.uncertainty import UncertaintyMap
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import start_prediction
from hnseg_training.calibration.case_voxels import Sampling, bands
from hnseg_training.calibration.logit_samples import LogitSamples
from hnseg_training.dataset.raw_dataset import FILE_ENDING, ignore_label, read_sample
from hnseg_training.dataset.work_folder import WorkFolder

LOW_DICE = 0.7
SMALL_ML = 7.7  # the rule beside the flag; of the same phantoms with seed 8000 the limit that tells low Dice best
SAMPLING = Sampling()


class Voxels(NamedTuple):
    """Voxels of some cases near the surfaces: members' logits (n, m, k), classes and edge distances (n,)."""

    logits: np.ndarray
    classes: np.ndarray
    predicted: np.ndarray
    edge_mm: np.ndarray


class Row(NamedTuple):
    """Structure of one case: its Dice, and the table's values without and with temperatures."""

    case: str
    channels: str
    structure: str
    dice: float
    tables: tuple[StructureUncertainty, ...]


def main() -> int:
    """Segment, measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge")
    parser.add_argument("work", type=Path, help="work folder of hnseg-train convert")
    parser.add_argument("model", type=Path)
    parser.add_argument("--cases", type=int, help="only so many, chosen at random")
    parser.add_argument("--json", type=Path, help="file for the structures' values")
    given = parser.parse_args()
    ensemble = load_ensemble(open_bundle(given.model))
    work = WorkFolder.open(given.work, challenge=given.challenge)
    names = [path.name.removesuffix(FILE_ENDING) for path in sorted((work.raw / "labelsTr").glob(f"*{FILE_ENDING}"))]
    voxels: dict[str, list[Voxels]] = {}
    rows: list[Row] = []
    for number, name in enumerate(np.random.default_rng(0).permutation(names)[: given.cases].tolist()):
        for channels, found, structures in measured(ensemble, work, name, number):
            voxels.setdefault(channels, []).append(found)
            rows += structures
        print(f"{name}: {', '.join(f'{row.structure} {row.dice:.2f}' for row in rows[-4:])}", file=sys.stderr)
    if given.json:
        given.json.write_text(json.dumps([as_json(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    ways = {"": None, "calibrated": ensemble.bundle.temperatures}
    used = {title: temperatures for title, temperatures in ways.items() if not title or temperatures}
    together = {channels: Voxels(*map(np.concatenate, zip(*each, strict=True))) for channels, each in voxels.items()}
    print("\n\n".join(table.as_markdown() for table in (voxel_table(together, used), *structure_tables(rows, used))))
    return 0


def measured(ensemble: Ensemble, work: WorkFolder, name: str, number: int) -> Iterator[tuple[str, Voxels, list[Row]]]:
    """Yield a case's voxels and structures, with all channels and with the first alone."""
    labels = dict(enumerate(ensemble.bundle.dataset.output_names))
    channels, reference = read_sample(work, name, {**labels, ignore_label(labels): "ignore"})
    alone = channels.array.copy()
    alone[1:] = 0
    for title, array in (("all", channels.array), ("first", alone)):
        given = dataclasses.replace(channels, array=array)
        yield title, *segmented(ensemble, given, array_of(reference), (name, title), np.random.default_rng(number))


def segmented(
    ensemble: Ensemble, channels: Channels, reference: np.ndarray, title: tuple[str, str], rng: np.random.Generator
) -> tuple[Voxels, list[Row]]:
    """Return the voxels and structures of one prediction."""
    names, members = ensemble.bundle.dataset.output_names, ensemble.backend.folds
    prediction = start_prediction(ensemble, channels, Deadline.never(), uncertainty=True)
    target, samples = prediction.canvas.target, LogitSamples(prediction.canvas.target, rng, members=members)
    planes = list(samples.beside(prediction.planes()))
    prediction.canvas.fill(plane.mean for plane in planes)
    predicted = array_of(prediction.canvas.label_map)
    tables = []
    for temperatures in ways_of(ensemble.bundle.temperatures):
        uncertainty = UncertaintyMap(target, members, temperatures)
        deque(uncertainty.beside(planes), maxlen=0)
        tables.append(uncertainty.result(sums_in="float32").table.structures)
    mm3 = channels.grid.voxel_volume_mm3
    rows = [
        Row(*title, name, overlap_of(predicted, reference, label=label, voxel_volume_mm3=mm3).dice, values)
        for label, name in enumerate(names)
        if label and (values := tuple(table[name] for table in tables))
    ]
    near = samples.of(bands(reference, predicted, len(names), channels.grid, SAMPLING)[0])
    drawn = rng.permutation(np.flatnonzero(near & (samples.of(reference) < len(names))))[: SAMPLING.most]
    edge_mm = edge_distance_mm(predicted, len(names), channels.grid.spacing_mm[::-1])
    values = (samples.logits(), samples.of(reference), samples.of(predicted), samples.of(edge_mm))
    return Voxels(*(each[drawn] for each in values)), rows


def ways_of(temperatures: Sequence[float] | None) -> list[Sequence[float] | None]:
    """Return none, and the temperatures of a model that has some."""
    return [None] if temperatures is None else [None, temperatures]


def edge_distance_mm(predicted: np.ndarray, classes: int, spacing_zyx_mm: Sequence[float]) -> np.ndarray:
    """Return the distance (z, y, x) of each voxel from the nearest predicted surface; infinite where there is none."""
    z, y, x = spacing_zyx_mm
    each = [surface_distance_mm(predicted == label, spacing_zyx_mm=(z, y, x)) for label in range(1, classes)]
    return np.minimum.reduce(each)


def voxel_table(voxels: dict[str, Voxels], ways: dict[str, Sequence[float] | None]) -> Table:
    """Return a table of calibration and of what finds errors, a row a set of channels and way."""
    scores = ("entropy", "mutual information", "near the edge")
    headings = ("channels", "voxels", "wrong", "ECE", "Brier", *(f"AUROC {score}" for score in scores))
    rows = []
    for channels, of in voxels.items():
        wrong = of.predicted != of.classes
        near = auroc(-of.edge_mm, wrong)
        for title, temperatures in ways.items():
            entropy, information, ece, brier = of_members(of, temperatures)
            numbers = (ece, brier, auroc(entropy, wrong), auroc(information, wrong), near)
            shown = [f"{100 * wrong.mean():.1f} %", *(f"{number:.3f}" for number in numbers)]
            rows.append((f"{channels} {title}".strip(), str(len(wrong)), *shown))
    return Table(headings, tuple(rows))


def of_members(voxels: Voxels, temperatures: Sequence[float] | None) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return entropy and mutual information of voxels, and ECE and Brier score of the members' mean probability."""
    scale = np.ones(voxels.logits.shape[2]) if temperatures is None else np.asarray(temperatures)
    logs = log_softmax(voxels.logits / scale[voxels.predicted][:, None, None], axis=2)
    mean = np.exp(logs).mean(axis=1)
    entropy = entr(mean).sum(axis=1)
    information = entropy - entr(np.exp(logs)).sum(axis=2).mean(axis=1)
    samples = VoxelSamples(np.log(mean), voxels.classes.astype(np.intp), np.zeros(mean.shape, np.bool_))
    bins = bins_of_equal_width(samples.confidence, samples.is_correct)
    return entropy, information, expected_calibration_error(bins), brier_score(samples)


def structure_tables(rows: Sequence[Row], ways: dict[str, Sequence[float] | None]) -> Iterator[Table]:
    """Yield a table of what finds structures of low Dice, and one of the flag."""
    known = [row for row in rows if not np.isnan(row.dice)]
    sets = {
        channels: [row for row in known if row.channels == channels] for channels in {row.channels for row in known}
    }
    flags, scores = [], []
    for channels, those in (*sorted(sets.items()), ("both", known)):
        low = np.array([row.dice < LOW_DICE for row in those])
        for way, title in enumerate(ways):
            name = f"{channels} {title}".strip()
            tables = [row.tables[way] for row in those]
            by = [np.array([doubt(table)[part] for table in tables]) for part in range(4)]
            scores.append((name, str(len(low)), str(low.sum()), *(f"{auroc(each, low):.3f}" for each in by)))
            flagged = np.array([table.look_at_this for table in tables])
            small = np.array([doubt(table)[3] > -SMALL_ML and doubt(table)[0] > 0 for table in tables])
            flags.append((name, *told_by(flagged, low), *told_by(small, low)))
    columns = ("DSC between members", "spread", "mean entropy", "small volume")
    yield Table(("channels", "structures", f"DSC < {LOW_DICE}", *(f"AUROC {each}" for each in columns)), tuple(scores))
    told = [f"{rule}{of}" for rule in ("flag: ", "small: ") for of in ("of low DSC", "of others", "AUROC")]
    yield Table(("channels", *told), tuple(flags))


def told_by(rule: np.ndarray, low: np.ndarray) -> tuple[str, str, str]:
    """Return what a rule tells of the structures of low Dice and of the others, and its area under the curve."""
    found, false = (rule & low).sum(), (rule & ~low).sum()
    return f"{found} of {low.sum()}", f"{false} of {(~low).sum()}", f"{auroc(rule, low):.3f}"


def doubt(table: StructureUncertainty) -> tuple[float, float, float, float]:
    """Return the doubt by DSC between members, spread and mean entropy, and that of a small volume.

    Where a member finds a structure that the ensemble does not, spread and entropy are infinite; where none does, no
    doubt is told.
    """
    if table.dice_between_members is None:
        return 0.0, 0.0, 0.0, 0.0
    spread_ml = table.volume_p95_ml - table.volume_p5_ml
    spread = spread_ml / table.volume_ml if table.volume_ml else np.inf
    entropy = np.inf if table.mean_entropy is None else table.mean_entropy
    return 1 - table.dice_between_members, spread, entropy, -table.volume_ml


def as_json(row: Row) -> dict[str, Any]:
    """Return a structure's values for a file."""
    return {**row._asdict(), "tables": [table.model_dump() for table in row.tables]}


if __name__ == "__main__":
    sys.exit(main())
