"""Detection of lesions: true positives, false positives and false negatives among connected components.

A lesion is a connected component of the reference mask. A predicted component detects it if their intersection over
union (IoU) is more than a threshold. Where the threshold is below one half, several components can detect one lesion,
and one component can detect several lesions; then the matching decides:

* `greedy`: one to one. Of all pairs over the threshold, the one of highest IoU is matched first, then the highest of
  the rest. Of equal pairs, the one whose lesion comes first in the array is taken, then the one whose predicted
  component does. A true positive is a match.
* `any`: a lesion is detected if any component detects it, and a component is false if it detects no lesion. A true
  positive is a detected lesion, so one component over two lesions may be two.

In both, a lesion that is not detected is a false negative, and a component without a match, or without a lesion, is a
false positive. Two empty masks have none of the three.
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
    """Numbers of detected, invented and missed lesions in one case.

    Attributes:
        true_positives: Number of matches, or of detected lesions.
        false_positives: Number of predicted components that detect no lesion.
        false_negatives: Number of lesions that are not detected.
    """

    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True)
class Criterion:
    """Condition under which a lesion counts as detected.

    Attributes:
        connectivity: Contact of voxels within one lesion: faces (6), also edges (18), or also corners (26).
        matching: Matching of lesions with predicted components, `greedy` or `any`.
        iou_over: Threshold that the IoU must exceed; an equal IoU is not enough.
    """

    connectivity: Connectivity = 26
    matching: Matching = "greedy"
    iou_over: float = 0.3


def detect_lesions(
    prediction: npt.NDArray[np.bool_], reference: npt.NDArray[np.bool_], criterion: Criterion
) -> Detection:
    """Count the detected lesions of one case.

    Args:
        prediction: Mask, (z, y, x).
        reference: Mask on the same grid, (z, y, x).
        criterion: Condition of a detection.

    Raises:
        ValueError: The two have different shapes.

    >>> reference = np.array([[[1, 1, 0, 1, 0, 0]]], bool)  # two lesions
    >>> prediction = np.array([[[0, 1, 0, 0, 0, 1]]], bool)  # half of the first, and a false one
    >>> detect_lesions(prediction, reference, Criterion(iou_over=0.3))
    Detection(true_positives=1, false_positives=1, false_negatives=1)
    >>> detect_lesions(prediction, reference, Criterion(iou_over=0.5))
    Detection(true_positives=0, false_positives=2, false_negatives=2)
    """
    if prediction.shape != reference.shape:
        raise ValueError(f"both masks must have one shape, found {prediction.shape} and {reference.shape}")
    overlaps = _iou(prediction, reference, criterion.connectivity)
    is_over = overlaps > criterion.iou_over
    lesions, components = is_over.shape
    if criterion.matching == "any":
        detected = int(is_over.any(axis=1).sum())
        return Detection(detected, components - int(is_over.any(axis=0).sum()), lesions - detected)
    matches = _greedy_matches(np.where(is_over, overlaps, 0.0))
    return Detection(matches, components - matches, lesions - matches)


def aggregated_f1(detections: Iterable[Detection]) -> float:
    """Return the F1 of detection, 2 TP / (2 TP + FP + FN), from the summed counts of all cases.

    Returns:
        From 0 to 1; NaN where no case has a lesion or a predicted component.

    >>> aggregated_f1([Detection(2, 1, 0), Detection(0, 0, 1)])  # 2 * 2 / (2 * 2 + 1 + 1)
    0.6666666666666666
    """
    cases = list(detections)
    twice = 2 * sum(case.true_positives for case in cases)
    total = twice + sum(case.false_positives + case.false_negatives for case in cases)
    return twice / total if total else float("nan")


def untouched_ml(
    mask: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], voxel_volume_mm3: float, *, connectivity: Connectivity
) -> float:
    """Return the volume of the components of a mask that share no voxel with another mask.

    Of a prediction and its reference it is autoPET's false positive volume, of a reference and its prediction the false
    negative volume; autoPET's components touch through faces and edges (18).

    Args:
        mask: Mask, (z, y, x).
        other: Mask on the same grid, (z, y, x).
        voxel_volume_mm3: Volume of one voxel of the grid.
        connectivity: Contact of voxels within one component.

    Returns:
        Volume in ml; 0 for an empty mask.

    >>> reference = np.array([[[1, 1, 0, 1, 0, 0]]], bool)
    >>> prediction = np.array([[[0, 1, 0, 0, 0, 1]]], bool)
    >>> untouched_ml(prediction, reference, 2000.0, connectivity=18)
    2.0
    """
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if not boxes:
        return 0.0
    numbered, sizes = number_components(mask[boxes[0]], connectivity=connectivity)
    touched = np.unique(numbered[other[boxes[0]]])
    return (int(sizes[1:].sum()) - int(sizes[touched[touched > 0]].sum())) * voxel_volume_mm3 / 1000


def _iou(
    prediction: npt.NDArray[np.bool_], reference: npt.NDArray[np.bool_], connectivity: Connectivity
) -> npt.NDArray[np.float64]:
    """Return the IoU of every lesion with every predicted component, (lesions, components)."""
    either = ndimage.find_objects((prediction | reference).view(np.uint8))
    if not either:
        return np.zeros((0, 0))
    box = either[0]  # lesions are small parts of large images
    numbered = [number_components(mask[box], connectivity=connectivity) for mask in (reference, prediction)]
    (lesions, lesion_sizes), (components, component_sizes) = numbered
    shape, in_both = (len(lesion_sizes), len(component_sizes)), (prediction & reference)[box]
    counts = np.bincount(lesions[in_both] * shape[1] + components[in_both], minlength=shape[0] * shape[1])
    common = counts.reshape(shape)[1:, 1:]  # without the background
    return np.asarray(common / (lesion_sizes[1:, None] + component_sizes[None, 1:] - common), np.float64)


def _greedy_matches(overlaps: npt.NDArray[np.float64]) -> int:
    """Count the one-to-one matches, given IoUs of (lesions, components); an IoU of 0 is no match."""
    remaining, matches = overlaps.copy(), 0
    while remaining.size and remaining.max() > 0:
        lesion, component = np.unravel_index(remaining.argmax(), remaining.shape)
        remaining[lesion, :] = remaining[:, component] = 0
        matches += 1
    return matches
