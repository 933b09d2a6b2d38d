"""Voxels of a model whose temperatures are known: it is as much too sure of each class as these say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from hnseg_training.calibration.case_voxels import CaseVoxels
from hnseg_training.calibration.held_out import HeldOutCase
from hnseg_training.calibration.member_samples import MemberSamples


def voxels_at(temperatures: Sequence[float], *, count: int = 4000, seed: int = 0, members: int = 1) -> MemberSamples:
    """Return voxels of which the members' mean is honest at the temperature of the ensemble's class."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, members, len(temperatures))).astype(np.float32)
    mean = softmax(logits, axis=2).mean(axis=1)
    classes = (np.log(mean) + rng.gumbel(size=mean.shape)).argmax(axis=1)
    said = logits * np.asarray(temperatures, np.float32)[logits.mean(axis=1).argmax(axis=1)][:, None, None]
    return MemberSamples(said, classes, np.ones(mean.shape, np.bool_))


def cases_at(temperatures: Sequence[float], folds: Sequence[int]) -> list[HeldOutCase]:
    """Return a case a fold, each with other voxels."""
    voxels = [voxels_at(temperatures, seed=seed) for seed in range(len(folds))]
    return [
        HeldOutCase(f"case_{number}", f"fold {fold}", CaseVoxels(each, each))
        for number, (fold, each) in enumerate(zip(folds, voxels, strict=True))
    ]
