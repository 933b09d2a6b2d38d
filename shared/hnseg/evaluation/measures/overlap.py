"""Overlap of two masks on one grid: counts, volumes, Dice.

A score that is 0/0 is NaN, never 0 and never 1: two empty masks say nothing about a method. Dice, Measures of the
amount of ecologic association between species, Ecology 1945; aggregated over cases: Andrearczyk et al., Overview of the
HECKTOR challenge at MICCAI 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Overlap:
    """Counts of voxels in which a predicted structure agrees and disagrees with its reference.

    Attributes:
        true_positives: Number of voxels in both.
        false_positives: Number of voxels in the prediction only.
        false_negatives: Number of voxels in the reference only.
        voxel_volume_mm3: Volume of one voxel.

    >>> overlap = Overlap(true_positives=1, false_positives=1, false_negatives=2, voxel_volume_mm3=2.0)
    >>> overlap.dice  # 2 * 1 / (2 * 1 + 1 + 2)
    0.4
    >>> overlap.metrics
    {'dsc': 0.4, 'intersection_mm3': 2.0, 'prediction_mm3': 4.0, 'reference_mm3': 6.0}
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    voxel_volume_mm3: float

    @property
    def intersection_mm3(self) -> float:
        """Volume of the voxels in both."""
        return self.true_positives * self.voxel_volume_mm3

    @property
    def prediction_mm3(self) -> float:
        """Volume of the prediction."""
        return (self.true_positives + self.false_positives) * self.voxel_volume_mm3

    @property
    def reference_mm3(self) -> float:
        """Volume of the reference."""
        return (self.true_positives + self.false_negatives) * self.voxel_volume_mm3

    @property
    def dice(self) -> float:
        """Dice coefficient, 2 TP / (2 TP + FP + FN): 0 where one mask is empty, NaN where both are."""
        return _ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    @property
    def recall(self) -> float:
        """Fraction of the reference that is predicted, TP / (TP + FN): NaN for an empty reference."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def precision(self) -> float:
        """Fraction of the prediction that is in the reference, TP / (TP + FP): NaN for an empty prediction."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def metrics(self) -> dict[str, float]:
        """Dice and the three volumes by their keys in a score report."""
        return {
            "dsc": self.dice,
            "intersection_mm3": self.intersection_mm3,
            "prediction_mm3": self.prediction_mm3,
            "reference_mm3": self.reference_mm3,
        }


def overlap_of(
    prediction: npt.NDArray[Any], reference: npt.NDArray[Any], *, label: int, voxel_volume_mm3: float
) -> Overlap:
    """Return the overlap of one label in two label maps.

    Args:
        prediction: Label map, (z, y, x).
        reference: Label map on the same grid, (z, y, x).
        label: Value of the structure in both.
        voxel_volume_mm3: Volume of one voxel of the grid.

    Raises:
        ValueError: The two have different shapes.

    >>> prediction, reference = np.array([[[1, 1, 2, 0]]]), np.array([[[0, 1, 1, 1]]])
    >>> overlap_of(prediction, reference, label=1, voxel_volume_mm3=2.0)
    Overlap(true_positives=1, false_positives=1, false_negatives=2, voxel_volume_mm3=2.0)
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

    Large structures weigh more than small ones. A case where both masks are empty adds nothing. A case where one is
    empty adds the other's volume to the denominator alone, so a false positive costs its volume.

    Args:
        overlaps: One structure's overlap in each case.

    Returns:
        From 0 to 1; NaN where the structure is in no mask at all.

    >>> aggregated_dice([Overlap(10, 0, 0, 1.0), Overlap(0, 20, 0, 1.0)])  # 2 * 10 / (10 + 10 + 20)
    0.5
    >>> aggregated_dice([])
    nan
    """
    cases = list(overlaps)
    return _ratio(
        2 * sum(case.intersection_mm3 for case in cases),
        sum(case.prediction_mm3 + case.reference_mm3 for case in cases),
    )


def aggregated_metrics(overlaps: Sequence[Overlap]) -> dict[str, float | int]:
    """Return one structure's values over all cases by their keys in a score report.

    Args:
        overlaps: The structure's overlap in each case.

    Returns:
        `aggregated_dsc`; `mean_dsc` over the cases whose reference has the structure, and `cases_in_mean_dsc`, their
        number.

    >>> aggregated_metrics([Overlap(10, 0, 0, 1.0), Overlap(0, 20, 0, 1.0)])
    {'aggregated_dsc': 0.5, 'mean_dsc': 1.0, 'cases_in_mean_dsc': 1}
    """
    return {
        "aggregated_dsc": aggregated_dice(overlaps),
        "mean_dsc": mean_dice_where_present(overlaps),
        "cases_in_mean_dsc": sum(overlap.reference_mm3 > 0 for overlap in overlaps),
    }


def mean_dice_where_present(overlaps: Iterable[Overlap]) -> float:
    """Return the mean Dice over the cases whose reference has the structure; NaN where none has it.

    >>> mean_dice_where_present([Overlap(10, 0, 0, 1.0), Overlap(0, 0, 5, 1.0), Overlap(0, 20, 0, 1.0)])
    0.5
    """
    values = [case.dice for case in overlaps if case.reference_mm3 > 0]
    return _ratio(sum(values), len(values))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")
