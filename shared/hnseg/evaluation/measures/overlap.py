"""How two masks on one grid overlap: counts, volumes, Dice.

A score that is 0/0 is NaN, never 0 and never 1: two empty masks say nothing about a method.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Overlap:
    """The voxels in which a predicted structure agrees and disagrees with its reference.

    Attributes:
        true_positives: Voxels in both.
        false_positives: Voxels in the prediction only.
        false_negatives: Voxels in the reference only.
        voxel_volume_mm3: What one voxel fills.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    voxel_volume_mm3: float

    @property
    def intersection_mm3(self) -> float:
        """The volume of the voxels in both."""
        return self.true_positives * self.voxel_volume_mm3

    @property
    def prediction_mm3(self) -> float:
        """The predicted volume."""
        return (self.true_positives + self.false_positives) * self.voxel_volume_mm3

    @property
    def reference_mm3(self) -> float:
        """The volume of the reference."""
        return (self.true_positives + self.false_negatives) * self.voxel_volume_mm3

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN): 0 where one of the two is empty, NaN where both are."""
        return _ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    @property
    def metrics(self) -> dict[str, float]:
        """Dice and the three volumes, by the names that reports give them."""
        return {
            "dsc": self.dice,
            "intersection_mm3": self.intersection_mm3,
            "prediction_mm3": self.prediction_mm3,
            "reference_mm3": self.reference_mm3,
        }


def overlap_of(
    prediction: npt.NDArray[Any], reference: npt.NDArray[Any], *, label: int, voxel_volume_mm3: float
) -> Overlap:
    """Return how one label of two label maps overlaps.

    Args:
        prediction: Label map, (z, y, x).
        reference: Label map on the same grid.
        label: The value of the structure in both.
        voxel_volume_mm3: Of that grid.

    Raises:
        ValueError: The two have different shapes.
    """
    if prediction.shape != reference.shape:
        raise ValueError(f"both label maps must have one shape, found {prediction.shape} and {reference.shape}")
    predicted, present = prediction == label, reference == label
    common = int(np.count_nonzero(predicted & present))
    return Overlap(
        true_positives=common,
        false_positives=int(np.count_nonzero(predicted)) - common,
        false_negatives=int(np.count_nonzero(present)) - common,
        voxel_volume_mm3=voxel_volume_mm3,
    )


def aggregated_dice(overlaps: Iterable[Overlap]) -> float:
    """Return twice the summed intersections over the summed volumes of all cases.

    Large structures weigh more than small ones. A case where both are empty adds nothing; a case where one is empty
    adds the other's volume to the denominator alone, so that a false positive costs what it measures. NaN where the
    structure is in no case at all.
    """
    cases = list(overlaps)
    return _ratio(
        2 * sum(case.intersection_mm3 for case in cases),
        sum(case.prediction_mm3 + case.reference_mm3 for case in cases),
    )


def aggregated_metrics(overlaps: Sequence[Overlap]) -> dict[str, float | int]:
    """Return one structure's `aggregated_dsc`; beside it `mean_dsc` where the reference has it, in how many cases."""
    return {
        "aggregated_dsc": aggregated_dice(overlaps),
        "mean_dsc": mean_dice_where_present(overlaps),
        "cases_in_mean_dsc": sum(overlap.reference_mm3 > 0 for overlap in overlaps),
    }


def mean_dice_where_present(overlaps: Iterable[Overlap]) -> float:
    """Return the mean Dice of the cases whose reference has the structure; NaN where none has."""
    values = [case.dice for case in overlaps if case.reference_mm3 > 0]
    return _ratio(sum(values), len(values))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")
