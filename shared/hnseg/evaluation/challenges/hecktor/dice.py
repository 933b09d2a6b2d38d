"""Dice of each patient and its mean, as in HECKTOR 2025 and 2026."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from hnseg.evaluation.challenges.hecktor.options import LABELS
from hnseg.evaluation.files.label_maps import check_grid, labels_of
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.overlap import Overlap, overlap_of
from hnseg.evaluation.measures.summary import mean_sd_of
from hnseg.evaluation.report import Metrics
from hnseg.imaging.geometry import Grid, LabelArray

BothEmpty = Literal["1", "skip", "0"]


def label_arrays(pair: Pair) -> tuple[LabelArray, LabelArray]:
    """Return the voxels of a prediction and its reference, both uint8 (z, y, x).

    Raises:
        InputError: The two are not on one grid to within 1e-3 mm, or one holds other labels than 0, 1, 2. Nothing is
            resampled.
    """
    predicted = labels_of(pair.prediction, LABELS, name=f"prediction of case {pair.name}")
    present = labels_of(pair.reference, LABELS, name=f"reference of case {pair.name}")
    check_grid(pair)
    return predicted, present


def overlaps_of(predicted: LabelArray, present: LabelArray, grid: Grid) -> dict[str, Overlap]:
    """Return the overlap of each structure by its name.

    Args:
        predicted: Label map, (z, y, x).
        present: Reference on the same grid, (z, y, x).
        grid: Grid of both.
    """
    return {
        name: overlap_of(predicted, present, label=label, voxel_volume_mm3=grid.voxel_volume_mm3)
        for name, label in LABELS.items()
    }


def metrics_of(overlap: Overlap, both_empty: BothEmpty) -> Metrics:
    """Return one structure's `dsc` and volumes in a case.

    Args:
        overlap: Overlap of the structure. Where one of reference and prediction is empty, its Dice is 0.
        both_empty: Dice where both are empty; undefined for skip.

    >>> empty = Overlap(0, 0, 0, 1.0)
    >>> metrics_of(empty, "1")["dsc"], metrics_of(empty, "skip")["dsc"]
    (1.0, nan)
    """
    metrics: Metrics = dict(overlap.metrics)
    if np.isnan(overlap.dice) and both_empty != "skip":
        metrics["dsc"] = float(both_empty)
    return metrics


def mean_dice(metrics: Iterable[Metrics]) -> dict[str, float | int]:
    """Return the mean Dice of one structure over the cases where it is defined.

    Args:
        metrics: Values of the structure in each case, as `metrics_of` returns them.

    Returns:
        `mean_dsc`, NaN without a case; `sd_dsc`, NaN below two cases; `cases`, their number.

    >>> mean_dice([{"dsc": 0.5}, {"dsc": float("nan")}, {"dsc": 1.0}])["mean_dsc"]
    0.75
    """
    values = np.array([of_case["dsc"] for of_case in metrics], np.float64)
    values = values[~np.isnan(values)]
    summary = mean_sd_of(values)
    return {"mean_dsc": summary.mean, "sd_dsc": summary.sd, "cases": len(values)}
