"""HECKTOR 2025, task 1: Dice of GTVp, and Dice and detection of GTVn, ranked by Borda counts.

Rules of the challenge's page (hecktor25.grand-challenge.org/tasks-and-evaluation); the evaluation program is not
public.

* GTVp: the mean over all patients of their Dice.
* GTVn: the Dice aggregated over all patients, and the F1 of lesions counted over all patients: a lesion is detected
  where the IoU is over 0.3, 0.3 itself not enough. A patient without nodes adds false positives alone, if any.
* The prediction must be on the CT's grid, which is the reference's, to within 1e-3 mm. It is never resampled; another
  spacing, size, origin or direction is refused.
* One of reference and prediction empty: that patient's Dice is 0. Both empty: the option `both_empty` decides. For
  GTVn, which is aggregated, both empty add nothing.
* A structure in no label map at all: its aggregated values are 0/0 and undefined, and so is the score. So is GTVp's
  mean where `both_empty` skips every patient. One patient alone is scored like many, without a standard deviation.

Unpublished, and so options: `both_empty`, `connectivity` and `matching`.

The challenge ranks teams and gives no single number. The score in the report weighs the three numbers as the two Borda
counts do: one half GTVp's, one quarter each GTVn's. `hnseg rank --method hecktor-2025` makes the ranking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan
from typing import get_args

from hnseg.evaluation.challenges.hecktor.dice import label_arrays, mean_dice, metrics_of, overlaps_of
from hnseg.evaluation.challenges.hecktor.options import LABELS, Options
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.lesions import Criterion, Detection, aggregated_f1, detect_lesions
from hnseg.evaluation.measures.overlap import Overlap, aggregated_dice
from hnseg.evaluation.ranking.borda.counts import BordaMethod, Measure
from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.imaging.components import Connectivity
from hnseg.imaging.geometry import Grid

OPTIONS = frozenset({"both-empty", "connectivity", "matching"})
"""Options that this edition uses."""

IOU_OVER = 0.3
"""Threshold that the IoU of a detected lesion must exceed."""

RANKING = BordaMethod(
    name="hecktor-2025",
    challenge="hecktor",
    edition="2025",
    groups={
        "GTVp": (Measure("GTVp", "mean_dsc"),),
        "GTVn": (Measure("GTVn", "aggregated_dsc"), Measure("GTVn", "aggregated_f1")),
    },
)


@dataclass(frozen=True)
class _Case:
    """Counts of a patient for the sums over all patients.

    Attributes:
        overlaps: Overlap of each structure by its name.
        nodes: Detected, invented and missed nodes.
        score: Values of the patient in the report.
    """

    overlaps: dict[str, Overlap]
    nodes: Detection
    score: CaseScore


def score(pairs: Iterable[Pair], options: Options) -> ScoreReport:
    """Score predictions by the rules of 2025.

    Returns:
        Per case and structure `dsc` and volumes, for GTVn also the numbers of detected, invented and missed lesions,
        `lesions_tp`, `lesions_fp` and `lesions_fn`; per structure `mean_dsc` and `aggregated_dsc`, for GTVn also
        `aggregated_f1` and the lesions of all cases. Not ranked are GTVp's DSCagg and GTVn's mean.

    Raises:
        InputError: A prediction is not on its reference's grid, or a label map holds other labels than 0, 1, 2.
    """
    criterion = Criterion(_connectivity(options), options.matching, IOU_OVER)
    cases = [_compare(pair, options, criterion) for pair in pairs]
    structures = {name: _over_cases(name, cases) for name in LABELS}
    structures["GTVn"] |= {
        "aggregated_f1": aggregated_f1(case.nodes for case in cases),
        "lesions_tp": sum(case.nodes.true_positives for case in cases),
        "lesions_fp": sum(case.nodes.false_positives for case in cases),
        "lesions_fn": sum(case.nodes.false_negatives for case in cases),
    }
    primary, nodes = structures["GTVp"], structures["GTVn"]
    return ScoreReport(
        challenge="hecktor",
        score=primary["mean_dsc"] / 2 + nodes["aggregated_dsc"] / 4 + nodes["aggregated_f1"] / 4,
        score_name="1/2 mean DSC of GTVp + 1/4 DSCagg and 1/4 aggregated F1 of GTVn",
        structures={name: dict(values) for name, values in structures.items()},
        cases=tuple(case.score for case in cases),
        notes=_notes(structures, options),
    )


def _compare(pair: Pair, options: Options, criterion: Criterion) -> _Case:
    predicted, present = label_arrays(pair)
    overlaps = overlaps_of(predicted, present, Grid.of(pair.reference))
    structures = {name: metrics_of(overlap, options.both_empty) for name, overlap in overlaps.items()}
    label = LABELS["GTVn"]
    nodes = detect_lesions(predicted == label, present == label, criterion)
    structures["GTVn"] |= {
        "lesions_tp": nodes.true_positives,
        "lesions_fp": nodes.false_positives,
        "lesions_fn": nodes.false_negatives,
    }
    return _Case(overlaps, nodes, CaseScore(name=pair.name, structures=structures))


def _over_cases(structure: str, cases: list[_Case]) -> dict[str, float | int]:
    aggregated = aggregated_dice(case.overlaps[structure] for case in cases)
    return {**mean_dice(case.score.structures[structure] for case in cases), "aggregated_dsc": aggregated}


def _connectivity(options: Options) -> Connectivity:
    return next(reach for reach in get_args(Connectivity) if str(reach) == options.connectivity)


def _notes(structures: dict[str, dict[str, float | int]], options: Options) -> tuple[str, ...]:
    undefined = [
        f"{name}'s {measure} is 0/0: no case has what it counts, and the score is undefined."
        for name, measure in (("GTVp", "mean_dsc"), ("GTVn", "aggregated_dsc"), ("GTVn", "aggregated_f1"))
        if isnan(structures[name][measure])
    ]
    return (
        f"Unpublished, so assumed: a structure that neither has, DSC {options.both_empty} (--both-empty); lesions are"
        f" {options.connectivity}-connected (--connectivity) and matched {options.matching} (--matching).",
        *undefined,
    )
