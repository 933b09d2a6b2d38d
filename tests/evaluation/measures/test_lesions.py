"""Lesions are separated, detected, invented and missed."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hnseg.evaluation.measures.lesions import Criterion, Detection, aggregated_f1, detect_lesions, untouched_ml

MASKS = npst.arrays(bool, (2, 4, 5), elements=st.booleans())
SHAPE = (6, 8, 20)


def mask_of(*boxes: tuple[slice, slice, slice]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    for box in boxes:
        mask[box] = True
    return mask


def row_of(start: int, stop: int) -> tuple[slice, slice, slice]:
    """Return a lesion of one voxel's width along x: IoU are fractions of lengths."""
    return np.s_[2:3, 3:4, start:stop]


ONE, TWO = np.s_[1:3, 1:3, 1:4], np.s_[1:3, 1:3, 8:12]


@pytest.mark.parametrize("matching", ["greedy", "any"])
@pytest.mark.parametrize(
    ("predicted", "present", "detection"),
    [
        pytest.param([], [], Detection(0, 0, 0), id="both empty"),
        pytest.param([ONE], [], Detection(0, 1, 0), id="empty reference"),
        pytest.param([], [ONE, TWO], Detection(0, 0, 2), id="empty prediction"),
        pytest.param([ONE], [TWO], Detection(0, 1, 1), id="elsewhere"),
        pytest.param([ONE, TWO], [ONE, TWO], Detection(2, 0, 0), id="both found"),
        pytest.param([TWO], [ONE, TWO], Detection(1, 0, 1), id="one of two"),
    ],
)
def test_counts(predicted, present, detection, matching):
    found = detect_lesions(mask_of(*predicted), mask_of(*present), Criterion(matching=matching))
    assert found == detection


@pytest.mark.parametrize(
    ("stop", "is_found"),
    [
        pytest.param(3, False, id="3 of 10: the threshold itself"),
        pytest.param(4, True, id="4 of 10"),
        pytest.param(2, False, id="2 of 10"),
    ],
)
def test_iou_must_be_more_than_the_threshold(stop, is_found):
    found = detect_lesions(mask_of(row_of(0, stop)), mask_of(row_of(0, 10)), Criterion(iou_over=0.3))
    assert found == (Detection(1, 0, 0) if is_found else Detection(0, 1, 1))


def test_three_tenths_are_never_over_the_threshold_at_any_size():
    for tenth in range(1, 2000):
        assert not (3 * tenth) / (10 * tenth) > 0.3
        assert (3 * tenth + 1) / (10 * tenth) > 0.3


def test_a_lesion_in_two_pieces_is_found_once():
    # Of 10 voxels, pieces of 5 and 4: both over 0.3.
    predicted, present = mask_of(row_of(0, 5), row_of(6, 10)), mask_of(row_of(0, 10))
    assert detect_lesions(predicted, present, Criterion(matching="greedy")) == Detection(1, 1, 0)
    assert detect_lesions(predicted, present, Criterion(matching="any")) == Detection(1, 0, 0)


def test_a_piece_over_two_lesions_finds_one_or_both():
    predicted, present = mask_of(row_of(0, 10)), mask_of(row_of(0, 5), row_of(6, 10))
    assert detect_lesions(predicted, present, Criterion(matching="greedy")) == Detection(1, 0, 1)
    assert detect_lesions(predicted, present, Criterion(matching="any")) == Detection(2, 0, 0)


def test_the_highest_iou_is_matched_first():
    # Lesion one, 0 to 11, has 4/12 of the first piece and 7/17 of the second, which is also all that finds lesion two
    # (4/12). The second goes to lesion one all the same, although giving it to two would find both.
    predicted, present = mask_of(row_of(0, 4), row_of(5, 17)), mask_of(row_of(0, 12), row_of(13, 17))
    assert detect_lesions(predicted, present, Criterion()) == Detection(1, 1, 1)
    assert detect_lesions(predicted, present, Criterion(matching="any")) == Detection(2, 0, 0)


@pytest.mark.parametrize(
    ("second", "lesions_by_connectivity"),
    [
        pytest.param(np.s_[1:2, 1:2, 2:3], {6: 1, 18: 1, 26: 1}, id="a face"),
        pytest.param(np.s_[1:2, 2:3, 2:3], {6: 2, 18: 1, 26: 1}, id="an edge"),
        pytest.param(np.s_[2:3, 2:3, 2:3], {6: 2, 18: 2, 26: 1}, id="a corner"),
    ],
)
def test_touching_voxels_are_one_lesion(second, lesions_by_connectivity):
    present = mask_of(np.s_[1:2, 1:2, 1:2], second)
    for connectivity, lesions in lesions_by_connectivity.items():
        found = detect_lesions(mask_of(), present, Criterion(connectivity=connectivity))
        assert found.false_negatives == lesions


@given(MASKS, MASKS)
def test_f1_is_the_same_when_the_two_change_places(one, other):
    there, back = detect_lesions(one, other, Criterion()), detect_lesions(other, one, Criterion())
    assert there.true_positives == back.true_positives
    assert aggregated_f1([there]) == pytest.approx(aggregated_f1([back]), nan_ok=True)


@given(MASKS, MASKS, st.permutations([0, 1, 2]), st.sampled_from([6, 18, 26]))
def test_the_axes_may_change_places(one, other, axes, connectivity):
    # Not so for `greedy` where several IoU are equal: which comes first is then decided by the order in the array.
    criterion = Criterion(connectivity=connectivity, matching="any")
    turned = detect_lesions(one.transpose(axes), other.transpose(axes), criterion)
    assert turned == detect_lesions(one, other, criterion)


@given(MASKS, MASKS)
def test_one_to_one_finds_no_more_than_any_and_every_lesion_is_found_or_missed(one, other):
    greedy, loose = (detect_lesions(one, other, Criterion(matching=matching)) for matching in ("greedy", "any"))
    assert greedy.true_positives <= loose.true_positives
    assert greedy.true_positives + greedy.false_negatives == loose.true_positives + loose.false_negatives


def test_f1_is_of_the_summed_counts():
    # 2 x 4 / (8 + 1 + 3), where the mean of both cases' F1 would be (1 + 1/3) / 2 rounded differently.
    assert aggregated_f1([Detection(3, 0, 0), Detection(1, 1, 3)]) == 8 / 12


def test_f1_without_any_lesion_is_undefined():
    assert isnan(aggregated_f1([Detection(0, 0, 0)]))
    assert isnan(aggregated_f1([]))


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape, found \(1, 1, 2\) and \(1, 1, 3\)"):
        detect_lesions(np.ones((1, 1, 2), bool), np.ones((1, 1, 3), bool), Criterion())


def test_untouched_volume_is_of_whole_components():
    reference = mask_of(row_of(0, 4), row_of(10, 13))
    prediction = mask_of(row_of(3, 6), row_of(15, 17))
    assert untouched_ml(prediction, reference, 500.0, connectivity=18) == 1.0  # the last two voxels
    assert untouched_ml(reference, prediction, 500.0, connectivity=18) == 1.5
    assert untouched_ml(np.zeros_like(reference), reference, 500.0, connectivity=18) == 0.0
    assert untouched_ml(reference, np.zeros_like(reference), 500.0, connectivity=18) == 3.5


def test_untouched_components_touch_as_asked_for():
    reference, prediction = mask_of((slice(1), slice(1), slice(1))), mask_of()
    prediction[0, 0, 0] = prediction[0, 1, 1] = True
    assert [untouched_ml(prediction, reference, 1000.0, connectivity=each) for each in (6, 18)] == [1.0, 0.0]
