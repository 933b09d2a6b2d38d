"""Overlap counts voxels and mm3; Dice of empty masks is 0 or undefined."""

from math import isnan, prod

import numpy as np
import pytest
import SimpleITK as sitk
from grand_challenge_metrics.stats import calculate_confusion_matrix, dice_from_confusion_matrix
from hypothesis import given
from hypothesis import strategies as st

from hnseg.evaluation.measures.overlap import Overlap, aggregated_dice, mean_dice_where_present, overlap_of


def test_two_slabs_that_share_half_have_dice_one_half(make_label_map, grid):
    # 4 x 4 x 4 voxels against the same moved by two along x: 32 shared, 32 of each alone.
    prediction = make_label_map({1: np.s_[1:5, 1:5, 1:5]}, **grid)
    reference = make_label_map({1: np.s_[1:5, 1:5, 3:7]}, **grid)
    voxel_mm3 = prod(grid.get("spacing_mm", (1, 1, 1)))
    overlap = overlap_of(*_arrays(prediction, reference), label=1, voxel_volume_mm3=voxel_mm3)
    assert overlap == Overlap(32, 32, 32, voxel_mm3)
    assert overlap.dice == 0.5
    assert overlap.prediction_mm3 == overlap.reference_mm3 == 64 * voxel_mm3
    assert overlap.intersection_mm3 == 32 * voxel_mm3


def test_recall_and_precision_are_undefined_without_what_they_are_of():
    assert (Overlap(1, 3, 1, 2.0).recall, Overlap(1, 3, 1, 2.0).precision) == (0.5, 0.25)
    assert (Overlap(0, 0, 5, 1.0).recall, Overlap(0, 5, 0, 1.0).precision) == (0, 0)
    assert isnan(Overlap(0, 5, 0, 1.0).recall)
    assert isnan(Overlap(0, 0, 5, 1.0).precision)


def test_labels_are_distinguished():
    prediction, reference = np.array([[[1, 2, 2, 0]]]), np.array([[[1, 1, 2, 2]]])
    assert overlap_of(prediction, reference, label=1, voxel_volume_mm3=1.0) == Overlap(1, 0, 1, 1.0)
    assert overlap_of(prediction, reference, label=2, voxel_volume_mm3=1.0) == Overlap(1, 1, 1, 1.0)


@pytest.mark.parametrize(
    ("overlap", "dice"),
    [
        pytest.param(Overlap(0, 5, 0, 1.0), 0.0, id="empty reference"),
        pytest.param(Overlap(0, 0, 5, 1.0), 0.0, id="empty prediction"),
        pytest.param(Overlap(0, 2, 3, 1.0), 0.0, id="apart"),
        pytest.param(Overlap(5, 0, 0, 1.0), 1.0, id="equal"),
    ],
)
def test_dice_where_one_is_empty_or_both_agree(overlap, dice):
    assert overlap.dice == dice


def test_dice_of_two_empty_masks_is_undefined():
    assert isnan(Overlap(0, 0, 0, 1.0).dice)


def test_different_shapes_are_a_defect_of_the_caller():
    with pytest.raises(ValueError, match=r"one shape, found \(1, 1, 2\) and \(1, 1, 3\)"):
        overlap_of(np.zeros((1, 1, 2)), np.zeros((1, 1, 3)), label=1, voxel_volume_mm3=1.0)


def test_aggregated_dice_weighs_cases_by_volume_not_by_voxels():
    # 10 mm3 of which none is found, and 40 mm3 found exactly: 2 * 40 / (40 + 40 + 10).
    missed, found = Overlap(0, 0, 20, 0.5), Overlap(20, 0, 0, 2.0)
    assert aggregated_dice([missed, found]) == pytest.approx(80 / 90)
    assert mean_dice_where_present([missed, found]) == 0.5


def test_a_false_positive_costs_its_volume_and_an_absent_structure_nothing():
    found, false_alarm, absent = Overlap(10, 0, 0, 1.0), Overlap(0, 20, 0, 1.0), Overlap(0, 0, 0, 1.0)
    assert aggregated_dice([found, absent]) == 1.0
    assert aggregated_dice([found, false_alarm, absent]) == 0.5
    assert mean_dice_where_present([found, false_alarm, absent]) == 1.0


@pytest.mark.parametrize("cases", [[], [Overlap(0, 0, 0, 1.0)]], ids=["no case", "absent everywhere"])
def test_a_structure_in_no_case_has_no_score(cases):
    assert isnan(aggregated_dice(cases))
    assert isnan(mean_dice_where_present(cases))


@given(st.lists(st.integers(0, 2), min_size=24, max_size=24), st.lists(st.integers(0, 2), min_size=24, max_size=24))
def test_agrees_with_the_platforms_metrics_and_with_itk(predicted, present):
    prediction, reference = (np.array(v, np.uint8).reshape(2, 3, 4) for v in (predicted, present))
    confusion = calculate_confusion_matrix(reference, prediction, labels=[0, 1, 2])
    with np.errstate(invalid="ignore"):  # it divides 0 by 0 for a label that is in neither
        platforms_dice = dice_from_confusion_matrix(confusion)
    itk = sitk.LabelOverlapMeasuresImageFilter()
    itk.Execute(sitk.GetImageFromArray(reference), sitk.GetImageFromArray(prediction))
    for label in (1, 2):
        overlap = overlap_of(prediction, reference, label=label, voxel_volume_mm3=1.0)
        assert overlap.true_positives == confusion[label, label]
        assert overlap.false_positives == confusion[:, label].sum() - confusion[label, label]
        assert overlap.false_negatives == confusion[label].sum() - confusion[label, label]
        assert overlap.dice == pytest.approx(platforms_dice[label], abs=1e-6, nan_ok=True)
        if not isnan(overlap.dice):  # where ITK says 0
            assert overlap.dice == pytest.approx(itk.GetDiceCoefficient(label), abs=1e-12)


def _arrays(*images: sitk.Image) -> list[np.ndarray]:
    return [sitk.GetArrayFromImage(image) for image in images]
