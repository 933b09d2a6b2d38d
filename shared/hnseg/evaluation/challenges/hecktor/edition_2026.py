"""HECKTOR 2026: 0.25 DSC + 0.35 balanced accuracy of the stages + 0.40 concordance of recurrence-free survival.

Rules of the challenge's page (hecktor26.grand-challenge.org/task-and-evaluation) and template; the evaluation program
is not public.

Dice
: The mean of GTVp's and GTVn's, each the mean over all patients of their Dice. One of reference and prediction empty,
  missed or invented: 0. Both empty: the option `both_empty`; unpublished, and 1 by default as participants assume
  (wangkaiwan/HERMES-HECKTOR2026). Where it is skip and skips every patient, the structure's mean is undefined, and so
  is the score. The prediction must be on the reference's grid to within 1e-3 mm and is never resampled.
Balanced accuracy
: The mean of T-stage's and N-stage's, each the mean recall of the stages that some reference has. Without a patient of
  known stage it is undefined.
Concordance
: Harrell's, of the predicted `rfs`: unless the option `rfs_means` is risk, a higher one is a longer survival, as
  participants measured on the platform. Equal predictions count half. Without a comparable pair, as with a single
  patient or without any relapse, it is undefined.

A patient whose stage or survival is unknown is left out of the part that needs it; one with a known value needs a
prediction of it. Where no reference has any of these, the label maps alone are scored and the score is the Dice part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from hnseg.clinical import N_STAGES, T_STAGES
from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor.dice import label_arrays, mean_dice, metrics_of, overlaps_of
from hnseg.evaluation.challenges.hecktor.options import LABELS, Options
from hnseg.evaluation.challenges.hecktor.outcomes import (
    Outcome,
    outcome_of,
    predicted_rfs,
    predicted_stage,
    read_outcomes,
)
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.evaluation.statistics.balanced_accuracy import balanced_accuracy
from hnseg.evaluation.statistics.concordance import concordance_of
from hnseg.imaging.geometry import Grid

OPTIONS = frozenset({"both-empty", "rfs-means", "clinical"})
"""Options that this edition uses."""

WEIGHTS = {"dice": 0.25, "balanced_accuracy": 0.35, "c_index": 0.40}
"""Weights of the score's parts, by their keys in the report."""

Numbers = dict[str, float | int]
"""Values over all cases by their keys in the report."""


@dataclass(frozen=True)
class _Patient:
    """Score of a patient's label map, with the predicted and the known outcomes.

    Attributes:
        score: Dice and volumes of each structure.
        predicted: Predicted values by name.
        known: Known stages and survival.
    """

    score: CaseScore
    predicted: Mapping[str, Any]
    known: Outcome

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.score.name


def score(pairs: Iterable[Pair], options: Options) -> ScoreReport:
    """Score predictions by the rules of 2026.

    Returns:
        Per case and structure `dsc` and volumes; per structure `mean_dsc`; overall the parts that the score weighs,
        `dice`, `balanced_accuracy` and `c_index`, with their own parts and the number of patients in each.

    Raises:
        InputError: A prediction is not on its reference's grid, a label map holds other labels than 0, 1, 2, a
            predicted value is missing or not a valid one, or the table of outcomes can't be used.
    """
    table = None if options.clinical is None else read_outcomes(options.clinical)
    patients = [_compare(pair, table, options) for pair in pairs]
    if table is not None:
        _check_listed(patients, table, options)
    structures = {name: _mean_dice(name, patients) for name in LABELS}
    overall: Numbers = {"dice": sum(values["mean_dsc"] for values in structures.values()) / len(structures)}
    if any(patient.known != Outcome() for patient in patients):
        overall |= _parts(patients, options)
    value, name = _named_score(overall)
    return ScoreReport(
        challenge="hecktor",
        score=value,
        score_name=name,
        structures={name: dict(values) for name, values in structures.items()},
        overall=dict(overall),
        cases=tuple(patient.score for patient in patients),
        notes=_notes(overall, patients, options),
    )


def _compare(pair: Pair, table: Mapping[str, Outcome] | None, options: Options) -> _Patient:
    predicted, present = label_arrays(pair)
    overlaps = overlaps_of(predicted, present, Grid.of(pair.reference))
    structures = {name: metrics_of(overlap, options.both_empty) for name, overlap in overlaps.items()}
    known = outcome_of(pair.expected) if table is None else table.get(pair.name, Outcome())
    return _Patient(CaseScore(name=pair.name, structures=structures), pair.predicted, known)


def _named_score(overall: Numbers) -> tuple[float, str]:
    """Return the score and its name: of all three parts, or of the Dice part where there are no outcomes."""
    if "c_index" not in overall:
        return overall["dice"], "mean DSC of GTVp and GTVn"
    weighted = sum(weight * overall[part] for part, weight in WEIGHTS.items())
    return weighted, "0.25 DSC + 0.35 balanced accuracy + 0.40 C-index"


def _mean_dice(structure: str, patients: Sequence[_Patient]) -> Numbers:
    return mean_dice(patient.score.structures[structure] for patient in patients)


def _check_listed(patients: Sequence[_Patient], table: Mapping[str, Outcome], options: Options) -> None:
    if not any(patient.name in table for patient in patients):
        raise InputError(
            f"--clinical must have rows for the scored cases, but {options.clinical} has none for any of them. Are the"
            " label maps named by PatientID?"
        )


def _parts(patients: Sequence[_Patient], options: Options) -> Numbers:
    stages: Numbers = {}
    for name, key, levels in (("t-stage", "t_stage", T_STAGES), ("n-stage", "n_stage", N_STAGES)):
        staged = [(patient, stage) for patient in patients if (stage := getattr(patient.known, key)) is not None]
        predicted = [predicted_stage(patient.predicted, name, levels, case=patient.name) for patient, _ in staged]
        stages[f"{key}_balanced_accuracy"] = balanced_accuracy(predicted, [stage for _, stage in staged])
        stages[f"{key}_patients"] = len(staged)
    mean = (stages["t_stage_balanced_accuracy"] + stages["n_stage_balanced_accuracy"]) / 2
    return {"balanced_accuracy": mean, **_survival(patients, options), **stages}


def _survival(patients: Sequence[_Patient], options: Options) -> Numbers:
    followed = [(patient, rfs) for patient in patients if (rfs := patient.known.rfs) is not None]
    sign = -1 if options.rfs_means == "survival" else 1
    concordance = concordance_of(
        times=[rfs.days for _, rfs in followed],
        events=[rfs.has_relapsed for _, rfs in followed],
        risks=[sign * predicted_rfs(patient.predicted, case=patient.name) for patient, _ in followed],
    )
    return {
        "c_index": concordance.index,
        "rfs_patients": len(followed),
        "rfs_relapses": sum(rfs.has_relapsed for _, rfs in followed),
        "rfs_comparable_pairs": concordance.comparable,
    }


def _notes(overall: Numbers, patients: Sequence[_Patient], options: Options) -> tuple[str, ...]:
    notes = [
        f"Unpublished, so assumed: a structure that neither reference nor prediction has, DSC {options.both_empty}"
        " (--both-empty)."
    ]
    if "c_index" not in overall:
        notes.append(
            "No reference has stages or survival (--clinical, or JSON files beside the references), so the label maps"
            " alone are scored: this is the part of the challenge's score that weighs 0.25."
        )
        return (*notes, *_undefined(overall, ("dice",)))
    notes.append(
        f"Unpublished, so assumed: a higher rfs is a {'longer survival' if options.rfs_means == 'survival' else 'risk'}"
        " (--rfs-means)."
    )
    for title, count in (("T-stage", "t_stage"), ("N-stage", "n_stage"), ("RFS", "rfs")):
        unknown = len(patients) - overall[f"{count}_patients"]
        if unknown:
            notes.append(f"{title} is unknown for {unknown} of {len(patients)} patients, who are left out of its part.")
    return (*notes, *_undefined(overall, ("dice", "t_stage_balanced_accuracy", "n_stage_balanced_accuracy", "c_index")))


def _undefined(overall: Numbers, parts: Sequence[str]) -> list[str]:
    reasons = {
        "dice": "no patient has the structure, and --both-empty skip leaves them out",
        "t_stage_balanced_accuracy": "no patient's T-stage is known",
        "n_stage_balanced_accuracy": "no patient's N-stage is known",
        "c_index": "no two patients are comparable, which takes one who relapsed and one who was without for longer",
    }
    return [f"{part} is undefined, as {reasons[part]}; so is the score." for part in parts if isnan(overall[part])]
