"""Scoring of a variant: the label map that its pipeline left beside the reference of the case."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.files.label_maps import check_grid, labels_of
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.overlap import Overlap, overlap_of
from hnseg.evaluation.measures.surface import hd95_mm, surface_of
from hnseg.imaging.geometry import Grid
from hnseg.robustness.scores.record import ScoreRecord, Variant

Mask = npt.NDArray[np.bool_]
Descriptors = Mapping[str, Mapping[str, float]]
"""Descriptors of the reference by structure and name."""
_UNDESCRIBED: Descriptors = {}


def score_variant(
    pair: Pair,
    variant: Variant,
    labels: Mapping[int, str],
    descriptors: Descriptors = _UNDESCRIBED,
    *,
    refused: bool = False,
) -> list[ScoreRecord]:
    """Return the score of each structure.

    Args:
        pair: Label map of the variant, and reference of the case.
        variant: The variant.
        labels: Values of the label map with their names.
        descriptors: Descriptors of the reference; those of a structure may be left out.
        refused: Whether the label map is the empty one of a variant that the container refused.

    Raises:
        InputError: The two label maps lie on different grids, or one has other labels.
    """
    check_grid(pair)
    values = {name: value for value, name in labels.items()}
    found = labels_of(pair.prediction, values, name=f"label map of {pair.name}")
    wanted = labels_of(pair.reference, values, name=f"reference of {pair.name}")
    grid = Grid.of(pair.reference)
    records = []
    for name, value in values.items():
        overlap = overlap_of(found, wanted, label=value, voxel_volume_mm3=grid.voxel_volume_mm3)
        measures = _measures(overlap, found == value, wanted == value, grid)
        described, volume_mm3 = descriptors.get(name, {}), overlap.reference_mm3
        records.append(ScoreRecord(pair.name, name, variant, overlap.dice, volume_mm3, measures, described, refused))
    return records


def _measures(overlap: Overlap, found: Mask, wanted: Mask, grid: Grid) -> dict[str, float]:
    """Return the measures beside the Dice score; NaN where one is 0/0, and for the distance of two empty masks."""
    right = overlap.true_positives
    wrong = overlap.false_positives + overlap.false_negatives
    outside = found.size - right - wrong
    return {
        "hd95_mm": _hd95_mm(found, wanted, grid),
        "sensitivity": _share(right, right + overlap.false_negatives),
        "specificity": _share(outside, outside + overlap.false_positives),
        "accuracy": _share(right + outside, found.size),
        "predicted_mm3": overlap.prediction_mm3,
    }


def _hd95_mm(found: Mask, wanted: Mask, grid: Grid) -> float:
    if not found.any() and not wanted.any():
        return float("nan")
    return hd95_mm(*(surface_of(mask, spacing_zyx_mm=grid.spacing_zyx_mm) for mask in (found, wanted)))


def _share(part: int, of: int) -> float:
    return part / of if of else float("nan")
