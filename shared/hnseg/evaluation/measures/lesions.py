"""Which lesions of a mask were found.

A lesion is a connected piece of the mask. It is found by a predicted piece if their intersection over union (IoU) is
more than a threshold. Where a threshold is below one half, one lesion can be found by several pieces, and one piece can
find several lesions; then the matching decides:

* `greedy`: one to one. Of all pairs over the threshold the one of highest IoU is matched first, then the highest of
  what is left; of equal ones, the one whose lesion comes first in the array, then whose piece does. A true positive is
  a match.
* `any`: a lesion is found if any piece finds it, and a piece is false if it finds no lesion. A true positive is a
  lesion that is found, so one piece over two lesions may be two.

By either, a lesion that is not found is a false negative, and a piece that is not matched, or finds none, a false
positive. Two empty masks have none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.components import Connectivity, number_components

Matching = Literal["greedy", "any"]


@dataclass(frozen=True)
class Detection:
    """How many lesions were found, invented and missed."""

    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True)
class Criterion:
    """When a lesion is found.

    Attributes:
        connectivity: Voxels of one lesion touch by faces (6), also by edges (18), or also by corners (26).
        matching: `greedy` or `any`.
        iou_over: The IoU must be more than this, not equal to it.
    """

    connectivity: Connectivity = 26
    matching: Matching = "greedy"
    iou_over: float = 0.3


def detect_lesions(
    prediction: npt.NDArray[np.bool_], reference: npt.NDArray[np.bool_], criterion: Criterion
) -> Detection:
    """Compare the pieces of two masks.

    Args:
        prediction: Mask, (z, y, x).
        reference: Mask on the same grid.
        criterion: When a lesion counts as found.

    Raises:
        ValueError: The two have different shapes.
    """
    if prediction.shape != reference.shape:
        raise ValueError(f"both masks must have one shape, found {prediction.shape} and {reference.shape}")
    overlaps = _iou(prediction, reference, criterion.connectivity)
    is_over = overlaps > criterion.iou_over
    found, pieces = is_over.shape
    if criterion.matching == "any":
        hits = int(is_over.any(axis=1).sum())
        return Detection(hits, pieces - int(is_over.any(axis=0).sum()), found - hits)
    matches = _greedy_matches(np.where(is_over, overlaps, 0.0))
    return Detection(matches, pieces - matches, found - matches)


def aggregated_f1(detections: Iterable[Detection]) -> float:
    """Return 2 TP / (2 TP + FP + FN) of the summed counts of all cases; NaN where no case has a lesion or a piece."""
    cases = list(detections)
    twice = 2 * sum(case.true_positives for case in cases)
    total = twice + sum(case.false_positives + case.false_negatives for case in cases)
    return twice / total if total else float("nan")


def _iou(
    prediction: npt.NDArray[np.bool_], reference: npt.NDArray[np.bool_], connectivity: Connectivity
) -> npt.NDArray[np.float64]:
    """Return the intersection over union of every lesion with every predicted piece, (lesions, pieces)."""
    either = ndimage.find_objects((prediction | reference).view(np.uint8))
    if not either:
        return np.zeros((0, 0))
    box = either[0]  # lesions are small parts of large images
    numbered = [number_components(mask[box], connectivity=connectivity) for mask in (reference, prediction)]
    (lesions, lesion_sizes), (pieces, piece_sizes) = numbered
    shape, in_both = (len(lesion_sizes), len(piece_sizes)), (prediction & reference)[box]
    of_each = np.bincount(lesions[in_both] * shape[1] + pieces[in_both], minlength=shape[0] * shape[1])
    common = of_each.reshape(shape)[1:, 1:]  # without the background
    return np.asarray(common / (lesion_sizes[1:, None] + piece_sizes[None, 1:] - common), np.float64)


def _greedy_matches(overlaps: npt.NDArray[np.float64]) -> int:
    """Count the matches; an overlap of 0 is none."""
    left, matches = overlaps.copy(), 0
    while left.size and left.max() > 0:
        lesion, piece = np.unravel_index(left.argmax(), left.shape)
        left[lesion, :] = left[:, piece] = 0
        matches += 1
    return matches
