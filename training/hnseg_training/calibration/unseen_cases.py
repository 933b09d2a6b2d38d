"""Unseen voxels of a bundle: cases that none of its folds was trained on, predicted by all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hnseg.errors import InputError
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg_training.calibration.case_voxels import Sampling, member_voxels
from hnseg_training.calibration.held_out import HeldOutCase, check_classes
from hnseg_training.dataset.raw_dataset import ignore_label, read_sample
from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import WorkFolder, read_json
from hnseg_training.progress import bar


def unseen_cases(work: WorkFolder, model: Path, sampling: Sampling, *, device: str = "auto") -> Iterator[HeldOutCase]:
    """Yield the cases of a data set that an ensemble was not trained on, with the logits of each of its folds.

    Their parts are the folds into which `hnseg-train convert` dealt the patients, so that none is in two parts; images
    on which no fold validates are left out.

    Args:
        work: Work folder of `hnseg-train convert`, in which nothing was trained.
        model: Exported bundle.
        sampling: Band, and number of voxels a case.
        device: Device of the networks; see `load_ensemble`.

    Raises:
        ModelError: The model has regions.
        InputError: Folds were trained in the work folder, the data set is not the model's, a sample can't be read, or
            the logits of all folds don't fit into memory.
    """
    bundle = open_bundle(model)
    check_classes(bundle, work)
    _check_untrained(work)
    labels = dict(enumerate(bundle.dataset.output_names))
    labels = {**labels, ignore_label(labels): "ignore"}
    ensemble = load_ensemble(bundle, device=device)
    splits = read_json(work.preprocessed / SPLITS_FILE)
    cases = [(part, name) for part, split in enumerate(splits) for name in split["val"]]
    with bar("held-out cases", total=len(cases)) as report:
        for number, (part, name) in enumerate(cases):
            channels, reference = read_sample(work, name, labels)
            rng = np.random.default_rng([sampling.seed, number])
            yield HeldOutCase(name, f"part {part}", member_voxels(ensemble, channels, reference, sampling, rng=rng))
            report(name)


def _check_untrained(work: WorkFolder) -> None:
    if (results := work.results("")).exists():
        raise InputError(
            f"Held-out cases must be such that no fold was trained on, but {work.root} has trained folds"
            f" ({results}). Is it the work folder of a training? Its validation cases are taken by --work."
        )
