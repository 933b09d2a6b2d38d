"""Held-out voxels of a bundle: every fold's validation cases, predicted by that fold's network alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hnseg.errors import InputError, ModelError
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import Bundle, open_bundle
from hnseg.inference.model.manifest import Fold
from hnseg_training.calibration.case_voxels import CaseVoxels, Sampling, case_voxels
from hnseg_training.dataset.raw_dataset import ignore_label, read_sample
from hnseg_training.dataset.splits import SPLITS_FILE, fold_count
from hnseg_training.dataset.work_folder import WorkFolder, read_json
from hnseg_training.progress import bar

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldOutCase:
    """Case with voxels as networks give it that were not trained on it.

    Attributes:
        name: Name of the sample.
        part: Part of the cases that is measured at the temperatures of the others, such as `fold 0`.
        voxels: Its voxels.
    """

    name: str
    part: str
    voxels: CaseVoxels


def held_out_cases(
    work: WorkFolder, model: Path, sampling: Sampling, *, folds: Sequence[Fold] | None, device: str = "auto"
) -> Iterator[HeldOutCase]:
    """Yield the validation cases of each fold, one after another.

    Args:
        work: Work folder that the model was trained in, with its raw data set and its splits.
        model: Exported bundle.
        sampling: Band, and number of voxels a case.
        folds: Folds to use; all of the bundle where left out.
        device: Device of the networks; see `load_ensemble`.

    Raises:
        ModelError: The model has regions, was trained on every case, or lacks a fold.
        InputError: The data set is not the model's, or a sample can't be read.
    """
    every = open_bundle(model, folds=folds)
    numbers = _checked(every, work)
    labels = dict(enumerate(every.dataset.output_names))
    labels = {**labels, ignore_label(labels): "ignore"}
    splits = read_json(work.preprocessed / SPLITS_FILE)
    for fold in numbers:
        names = splits[fold]["val"]
        ensemble = load_ensemble(open_bundle(model, folds=[fold]), device=device)
        with bar(f"fold {fold}", total=len(names)) as report:
            for number, name in enumerate(names):
                channels, reference = read_sample(work, name, labels)
                rng = np.random.default_rng([sampling.seed, fold, number])
                yield HeldOutCase(name, f"fold {fold}", case_voxels(ensemble, channels, reference, sampling, rng=rng))
                report(name)


def check_classes(bundle: Bundle, work: WorkFolder) -> None:
    """Check that a model has classes that exclude one another, and that a data set has the same.

    Raises:
        ModelError: The model has regions.
        InputError: The data set has other labels.
    """
    if bundle.dataset.has_regions:
        raise ModelError(
            f"Classes must exclude one another to have temperatures, but {bundle.folder} has regions that may overlap."
        )
    labels: Mapping[str, object] = read_json(work.raw / "dataset.json", having=["labels"])["labels"]
    if labels != bundle.dataset.labels:
        raise InputError(
            f"The data set in {work.raw} must have the labels of the model in {bundle.folder}"
            f" ({', '.join(bundle.dataset.labels)}), but has {', '.join(labels)}. Was the model trained on another?"
        )


def _checked(bundle: Bundle, work: WorkFolder) -> list[int]:
    """Return the folds of a model, and refuse one that can't be calibrated on the work folder's data."""
    check_classes(bundle, work)
    folds = range(fold_count(work))
    if wrong := [fold for fold in bundle.folds if fold not in folds]:
        raise ModelError(
            f"Every fold of the model in {bundle.folder} must have cases that it was not trained on, but the data set"
            f" in {work.root} has the folds 0 to {folds[-1]}, and {wrong[0]} is none. Was it trained on every case, or"
            " on another data set?"
        )
    return [fold for fold in bundle.folds if fold != "all"]
