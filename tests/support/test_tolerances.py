"""What the tolerances of networks let pass, and what they must not."""

import numpy as np
import pytest

from tests.support.tolerances import assert_same_labels, assert_same_logits, logit_error, ties

LOGITS = np.random.default_rng(0).normal(0, 20, (3, 4, 16, 16)).astype(np.float32)
LARGEST = float(np.abs(LOGITS).max())


def test_the_error_grows_with_the_logits():
    assert logit_error(LOGITS) == pytest.approx(LARGEST * 2.0**-15)
    assert logit_error(10 * LOGITS) == pytest.approx(10 * LARGEST * 2.0**-15)


def test_sums_in_another_order_pass():
    assert_same_logits(LOGITS * np.float32(1 + 14 * 2.0**-23), LOGITS)  # as an Intel processor's of 64.2 beside AVX2's


@pytest.mark.parametrize("wrong", [LOGITS.astype(np.float16), LOGITS + 1e-4 * LARGEST, np.roll(LOGITS, 1, axis=3)])
def test_half_precision_a_small_bias_and_a_shifted_voxel_do_not_pass(wrong):
    with pytest.raises(AssertionError):
        assert_same_logits(wrong.astype(np.float32), LOGITS)


def test_one_logit_that_differs_does_not_pass():
    wrong = LOGITS.copy()
    wrong[1, 2, 3, 4] += 2 * logit_error(LOGITS)
    with pytest.raises(AssertionError):
        assert_same_logits(wrong, LOGITS)


def two_classes(lead: float) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (2, 1, 10, 20) and their labels; the largest logits of one voxel differ by this."""
    logits = np.zeros((2, 1, 10, 20), np.float32)
    logits[1] = 8
    logits[:, 0, 0, 0] = 8, 8 + lead
    return logits, np.ones((1, 10, 20), np.uint8)


def test_only_labels_that_rounding_decides_may_differ():
    for lead, passes in ((2.0**-14, True), (2.0**-10, False)):  # the error is 8 * 2**-15 for each of two logits
        logits, labels = two_classes(lead)
        other = labels.copy()
        other[0, 0, 0] = 0
        assert ties(logits).sum() == passes
        if passes:
            assert_same_labels(other, labels, ties(logits))
        else:
            with pytest.raises(AssertionError):
                assert_same_labels(other, labels, ties(logits))


def test_cropped_voxels_are_no_ties():
    logits = np.zeros((2, 1, 10, 20), np.float32)
    logits[1, 0, 0, 0] = 8
    assert not ties(logits).any()


def test_regions_tie_where_one_of_them_is_as_likely_as_not():
    logits = np.array([[8, 8, 8], [8, -1e-5, -8]], np.float32).reshape(2, 1, 1, 3)
    assert ties(logits, has_regions=True).tolist() == [[[False, True, False]]]


def test_a_comparison_of_little_is_refused():
    with pytest.raises(AssertionError, match="little is compared"):
        assert_same_labels(np.zeros((1, 1, 9)), np.zeros((1, 1, 9)), np.arange(9).reshape(1, 1, 9) == 0)
