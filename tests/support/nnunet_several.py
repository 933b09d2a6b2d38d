"""Oracle of several models: nnU-Net's predictor on each, and its `ensemble_folders` on what they wrote."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Sequence
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import SimpleITK as sitk
from nnunetv2.ensembling.ensemble import ensemble_folders
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

from tests.support.nnunet_oracle import Oracle, float32_accumulators

FOLDS = (0,)


@contextmanager
def in_threads():
    """Let nnU-Net's pools be of threads: each of its processes would import it anew, for seconds."""
    with patch.object(multiprocessing, "get_context", lambda *_: SimpleNamespace(Pool=ThreadPool)):
        yield


def mean_of(
    models: Sequence[Path], images: Sequence[Path], folder: Path, *, folds: Sequence[int] = FOLDS, mirroring=False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the label map (z, y, x) and the probabilities (k, z, y, x) of the mean, as nnU-Net writes them."""
    array, properties = SimpleITKIO().read_images([str(path) for path in images])
    outputs = []
    for number, model in enumerate(models):
        outputs.append(folder / f"model_{number}")
        outputs[-1].mkdir(parents=True)
        for name in ("plans.json", "dataset.json"):
            shutil.copyfile(model / name, outputs[-1] / name)
        predictor = Oracle.of(model, folds, mirroring=mirroring).predictor
        with float32_accumulators():
            predictor.predict_single_npy_array(array, properties, None, str(outputs[-1] / "case"), True)
    with in_threads():
        ensemble_folders([str(each) for each in outputs], str(folder / "mean"), True, 1)
    label_map = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mean" / "case.nii.gz")))
    return label_map, np.load(folder / "mean" / "case.npz")["probabilities"]
