"""Voxels of a model whose temperatures are known: it is as much too sure of each class as these say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hnseg.evaluation.calibration.voxel_samples import VoxelSamples
from hnseg_training.calibration.case_voxels import CaseVoxels
from hnseg_training.calibration.held_out import HeldOutCase


def voxels_at(temperatures: Sequence[float], *, count: int = 4000, seed: int = 0) -> VoxelSamples:
    """Return voxels that are honest at the temperature of their most probable class."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, len(temperatures))).astype(np.float32)
    classes = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    said = logits * np.asarray(temperatures, np.float32)[logits.argmax(axis=1)][:, None]
    return VoxelSamples.of_logits(said, classes, np.ones(logits.shape, np.bool_))


def cases_at(temperatures: Sequence[float], folds: Sequence[int]) -> list[HeldOutCase]:
    """Return a case a fold, each with other voxels."""
    voxels = [voxels_at(temperatures, seed=seed) for seed in range(len(folds))]
    return [
        HeldOutCase(f"case_{number}", fold, CaseVoxels(each, each))
        for number, (fold, each) in enumerate(zip(folds, voxels, strict=True))
    ]
