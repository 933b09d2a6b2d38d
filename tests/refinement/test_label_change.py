"""Changes of labels: there and back to the bit, in little memory."""

import numpy as np
import pytest

from hnseg.refinement.label_change import LabelChange

PART = (slice(2, 8), slice(0, 9), slice(3, 10))


@pytest.fixture(params=[np.uint8, np.uint16])
def labels(request):
    return np.random.default_rng(1).integers(0, 3, (10, 12, 11)).astype(request.param)


def test_a_change_is_applied_and_reverted_where_it_was_allowed(labels):
    former = labels.copy()
    new = np.full((6, 9, 7), 2, np.uint16)
    allowed = np.random.default_rng(2).random(new.shape) < 0.4
    allowed &= labels[PART] != 2
    change = LabelChange.between(labels[PART], new, allowed, PART)
    np.testing.assert_array_equal(labels, former)
    change.apply(labels)
    expected = former.copy()
    expected[PART][allowed] = 2
    np.testing.assert_array_equal(labels, expected)
    assert change.voxels == allowed.sum()
    change.revert(labels)
    np.testing.assert_array_equal(labels, former)


def test_it_counts_voxels_by_their_former_and_new_label(labels):
    labels[:] = 0
    labels[3, 4, 4:6] = 1
    new = np.zeros((6, 9, 7), np.uint8)
    new[1, 4, 2:5] = 2  # of which one was 1
    change = LabelChange.between(labels[PART], new, new != labels[PART], PART)
    assert change.flows == {(0, 2): 2, (1, 2): 1, (1, 0): 1}
    assert change.box == (slice(3, 4), slice(4, 5), slice(4, 8))
    assert change.mask.tolist() == [[[True, True, True, True]]]


def test_no_change_takes_nothing(labels):
    former = labels.copy()
    none = np.zeros((6, 9, 7), bool)
    change = LabelChange.between(labels[PART], labels[PART], none, PART)
    change.apply(labels)
    change.revert(labels)
    np.testing.assert_array_equal(labels, former)
    assert (change.voxels, change.flows) == (0, {})


def test_a_view_with_other_axes_is_changed_in_place(labels):
    view = labels.transpose(2, 0, 1)[::-1]
    new = np.full(view[:, :3, :4].shape, 1, np.uint8)
    part = (slice(0, len(view)), slice(0, 3), slice(0, 4))
    change = LabelChange.between(view[part], new, new != view[part], part)
    former = labels.copy()
    change.apply(view)
    assert (labels[:3, :4] == 1).all()
    change.revert(view)
    np.testing.assert_array_equal(labels, former)
