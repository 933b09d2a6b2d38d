"""Dice of whole validation cases, and its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dice = NDArray[np.float64]


def dice_of(counts: Mapping[str, Any]) -> Dice:
    """Return the Dice of each structure in one case.

    Args:
        counts: What nnU-Net's validation step counts on a batch of that case alone: `tp_hard`, `fp_hard` and `fn_hard`,
            each with a number of voxels a structure.

    Returns:
        Dice by structure; NaN where one is neither there nor predicted.
    """
    right, too_many, missed = (np.asarray(counts[f"{kind}_hard"], np.float64) for kind in ("tp", "fp", "fn"))
    whole = 2 * right + too_many + missed
    dice: Dice = np.divide(2 * right, whole, out=np.full_like(whole, np.nan), where=whole > 0)
    return dice


def means_over_cases(cases: Sequence[Dice]) -> Dice:
    """Return the mean Dice of each structure over the cases where it is defined; NaN where it is in none."""
    stacked = np.stack(cases)
    there = ~np.isnan(stacked)
    count = there.sum(0)
    total = np.where(there, stacked, 0).sum(0)
    means: Dice = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return means


def mean_dice(cases: Sequence[Dice]) -> float:
    """Return the mean Dice over the cases, then over the structures; undefined values are left out."""
    means = means_over_cases(cases)
    return float(means[~np.isnan(means)].mean())
