"""Cross-validation folds by patient, so that no patient is trained and validated on at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.errors import InputError
from hnseg_training.dataset.work_folder import WorkFolder, read_json

logger = logging.getLogger(__name__)

FOLDS = 5
"""Number of folds where there are as many patients."""
SPLITS_FILE = "splits_final.json"
"""Name of the file in nnU-Net's folder of preprocessed cases."""

Split = dict[str, list[str]]
"""Fold as nnU-Net's `splits_final.json` holds it: its `train` and `val` samples, sorted."""


@dataclass(frozen=True)
class Patient:
    """Samples of one patient.

    Attributes:
        name: Identifier of the patient in the public data.
        samples: Samples as the challenge asks to segment them; trained on, or validated on where the patient is held
            out.
        extra_samples: Samples that are trained on only.
        centre: Hospital that imaged the patient; empty where it is not known or there is only one.
    """

    name: str
    samples: tuple[str, ...]
    extra_samples: tuple[str, ...] = ()
    centre: str = ""


def dealt_folds(patients: Sequence[Patient], *, seed: int) -> list[Split]:
    """Return five folds of patients, or as many as there are patients, dealt at random, whatever their centres.

    The same patients and seed give the same folds, whatever the patients' order: they are sorted first.

    Args:
        patients: Two patients or more.
        seed: Seed of the shuffle.

    Returns:
        For each fold its `train` and `val` samples, sorted; `val` has an equal share of the patients.

    Raises:
        InputError: There is only one patient.
    """
    return random_folds(patients, _number_of_folds(patients), seed=seed)


def random_folds(patients: Sequence[Patient], folds: int, *, seed: int) -> list[Split]:
    """Return some folds of patients, dealt at random, whatever their centres.

    Args:
        patients: As many patients as folds, or more.
        folds: Number of folds.
        seed: Seed of the shuffle.

    Returns:
        For each fold its `train` and `val` samples, sorted; each patient is in `val` once.
    """
    order = np.random.default_rng(seed).permutation(len(patients))
    return _splits(patients, [set(indices.tolist()) for indices in np.array_split(order, folds)])


def dealt_folds_by_centre(patients: Sequence[Patient], *, seed: int) -> list[Split]:
    """Return five folds of patients, or as many as there are patients, with those of each centre dealt evenly.

    The same patients and seed give the same folds, whatever the patients' order.

    Args:
        patients: Two patients or more.
        seed: Seed of the shuffle.

    Returns:
        For each fold its `train` and `val` samples, sorted; `val` has an equal share of the patients, and of each
        centre's, to within one.

    Raises:
        InputError: There is only one patient.
    """
    folds = _number_of_folds(patients)
    rng = np.random.default_rng(seed)
    centres = np.array([patient.centre for patient in by_name(patients)])
    # One centre's patients after the other's, each shuffled, dealt in turn as cards are.
    order = np.concatenate([rng.permutation(np.flatnonzero(centres == centre)) for centre in np.unique(centres)])
    return _splits(patients, [set(order[fold::folds].tolist()) for fold in rng.permutation(folds)])


def one_fold_a_centre(patients: Sequence[Patient]) -> list[Split]:
    """Return a fold a centre, in the order of their names, each with that centre held out.

    Returns:
        For each centre its `train` and `val` samples, sorted; `val` has all its patients.

    Raises:
        InputError: There are fewer than two centres.
    """
    ordered = by_name(patients)
    centres = sorted({patient.centre for patient in patients})
    if len(centres) < 2:
        raise InputError(
            f"To leave one centre out there must be two at least, but all {len(patients)} patients are of"
            f" {centres[0] or 'no named centre' if centres else 'none'}. Is the data set complete?"
        )
    held_out = [{index for index, patient in enumerate(ordered) if patient.centre == centre} for centre in centres]
    return _splits(patients, held_out)


def fold_count(work: WorkFolder) -> int:
    """Return the number of folds of a converted data set."""
    return len(read_json(work.preprocessed / SPLITS_FILE))


def _number_of_folds(patients: Sequence[Patient]) -> int:
    """Return five, or the number of patients where there are fewer, which the log says."""
    if len(patients) < 2:
        raise InputError(
            f"Folds need at least two patients, one to train on and one to validate on, but {len(patients) or 'none'}"
            " was found. Is the data set complete?"
        )
    if len(patients) < FOLDS:
        logger.info("%d patients give %d folds, not %d", len(patients), len(patients), FOLDS)
    return min(len(patients), FOLDS)


def by_name(patients: Iterable[Patient]) -> list[Patient]:
    """Return patients sorted by name."""
    return sorted(patients, key=lambda patient: patient.name)


def split_of(trained: Iterable[Patient], validated: Iterable[Patient]) -> Split:
    """Return the fold that is trained on some patients, with their extra samples, and validated on others."""
    return {
        "train": sorted(sample for patient in trained for sample in patient.samples + patient.extra_samples),
        "val": sorted(sample for patient in validated for sample in patient.samples),
    }


def _splits(patients: Sequence[Patient], held_out: Sequence[set[int]]) -> list[Split]:
    """Return a split for each set of patients, given by their places in the order of their names."""
    ordered = list(enumerate(by_name(patients)))
    return [
        split_of((one for at, one in ordered if at not in validated), (one for at, one in ordered if at in validated))
        for validated in held_out
    ]
