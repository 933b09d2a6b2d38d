"""The Dice of each patient, as HECKTOR 2025 and 2026 average it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from hnseg.evaluation.challenges.hecktor.options import LABELS
from hnseg.evaluation.files.label_maps import check_grid, labels_of
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.overlap import Overlap, overlap_of
from hnseg.evaluation.measures.summary import spread_of
from hnseg.evaluation.report import Metrics
from hnseg.imaging.geometry import Grid, LabelArray

BothEmpty = Literal["1", "skip", "0"]


def label_arrays(pair: Pair) -> tuple[LabelArray, LabelArray]:
    """Return the voxels of a prediction and its reference, (z, y, x), which are on one grid.

    Raises:
        InputError: They are not, to within 1e-3 mm, or one holds other labels than 0, 1, 2. Nothing is resampled.
    """
    predicted = labels_of(pair.prediction, LABELS, name=f"prediction of case {pair.name}")
    present = labels_of(pair.reference, LABELS, name=f"reference of case {pair.name}")
    check_grid(pair)
    return predicted, present


def overlaps_of(predicted: LabelArray, present: LabelArray, grid: Grid) -> dict[str, Overlap]:
    """Return how each structure overlaps."""
    return {
        name: overlap_of(predicted, present, label=label, voxel_volume_mm3=grid.voxel_volume_mm3)
        for name, label in LABELS.items()
    }


def metrics_of(overlap: Overlap, both_empty: BothEmpty) -> Metrics:
    """Return a case's `dsc` and volumes.

    Where one of reference and prediction is empty the Dice is 0; where both are, it is what `both_empty` says, and
    undefined for skip.
    """
    metrics: Metrics = dict(overlap.metrics)
    if np.isnan(overlap.dice) and both_empty != "skip":
        metrics["dsc"] = float(both_empty)
    return metrics


def mean_dice(metrics: Iterable[Metrics]) -> dict[str, float | int]:
    """Return `mean_dsc` over the cases where it is defined, NaN for none, with `sd_dsc` and in how many `cases`."""
    values = np.array([of_case["dsc"] for of_case in metrics], np.float64)
    values = values[~np.isnan(values)]
    spread = spread_of(values)
    return {"mean_dsc": spread.mean, "sd_dsc": spread.sd, "cases": len(values)}
