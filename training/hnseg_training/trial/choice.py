"""Choice of the few patients of a trial: the smallest ones that have every structure."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg_training.trial.layout import Layout, TrialPatient, patients_in

logger = logging.getLogger(__name__)

BEYOND = 10
"""Patients that are looked at beside as many as are wanted, so that a data set without complete ones ends soon."""


def chosen_patients(source: Path, layout: Layout, labels: Mapping[int, str], *, count: int) -> list[TrialPatient]:
    """Return the smallest patients with every structure; with the most where there are too few of those.

    Args:
        source: Data in the challenge's public layout.
        layout: Names of the files.
        labels: Name of each structure by its value.
        count: Number of patients.

    Raises:
        InputError: There are fewer complete patients in the data.
    """
    by_size = sorted(patients_in(source, layout), key=lambda patient: (patient.size_bytes, patient.name))
    if len(by_size) < count:
        raise InputError(
            f"A trial needs {count} patients with all their files, but {source} holds {len(by_size)}."
            " Was the archive unpacked there, or is it another challenge's? Fewer may be asked for with --patients."
        )
    structures = {patient.name: found for patient, found in _looked_at(by_size, layout, labels, count)}
    most = sorted(by_size[: len(structures)], key=lambda patient: -len(structures[patient.name]))
    chosen = most[:count]
    if (fewest := min(len(structures[patient.name]) for patient in chosen)) < len(labels):
        logger.info("too few of the %d smallest patients have every structure: one that is taken has %d of %d",
                    len(structures), fewest, len(labels))  # fmt: skip
    return chosen


def _looked_at(
    patients: Sequence[TrialPatient], layout: Layout, labels: Mapping[int, str], count: int
) -> Iterable[tuple[TrialPatient, set[str]]]:
    """Yield patients with their structures until enough have all of them."""
    complete = 0
    for patient in patients[: count + BEYOND]:
        found = patient.named & set(labels.values()) or _structures_of(patient, layout, labels)
        yield patient, found
        complete += len(found) == len(labels)
        if complete == count:
            return


def _structures_of(patient: TrialPatient, layout: Layout, labels: Mapping[int, str]) -> set[str]:
    """Return the structures that a patient's truths have voxels of."""
    values: set[int] = set()
    for path in patient.truths:
        volume = read_volume(path, title="label map")
        values |= set(np.unique(sitk.GetArrayViewFromImage(volume)).astype(int).tolist())
    if layout.structure:
        return {layout.structure} if values - {0} else set()
    return {name for value, name in labels.items() if value in values}
