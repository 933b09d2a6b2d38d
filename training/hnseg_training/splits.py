"""Cross-validation folds by patient, so that no patient is trained and validated on at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.errors import InputError

FOLDS = 5


@dataclass(frozen=True)
class Patient:
    """The samples of one patient.

    Attributes:
        name: The patient's identifier in the public data.
        samples: What the challenge asks to segment; trained on, or validated on where the patient is held out.
        extra_samples: Trained on only.
    """

    name: str
    samples: tuple[str, ...]
    extra_samples: tuple[str, ...] = ()


def five_folds(patients: Sequence[Patient], *, seed: int) -> list[dict[str, list[str]]]:
    """Deal patients into five folds, as nnU-Net's `splits_final.json` holds them.

    The same patients and seed give the same folds, whatever the patients' order: they are sorted first.

    Args:
        patients: At least five.
        seed: Of the shuffle.

    Returns:
        For each fold its `train` and `val` samples, sorted; `val` has a fifth of the patients.

    Raises:
        InputError: There are fewer than five patients.
    """
    if len(patients) < FOLDS:
        raise InputError(
            f"Five folds need at least five patients, but {len(patients)} were found. Is the data set complete?"
        )
    by_name = sorted(patients, key=lambda patient: patient.name)
    order = np.random.default_rng(seed).permutation(len(by_name))
    folds = []
    for indices in np.array_split(order, FOLDS):
        held_out = set(indices.tolist())
        train = [patient for index, patient in enumerate(by_name) if index not in held_out]
        folds.append(
            {
                "train": sorted(sample for patient in train for sample in patient.samples + patient.extra_samples),
                "val": sorted(sample for index in held_out for sample in by_name[index].samples),
            }
        )
    return folds
