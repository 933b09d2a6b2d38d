import numpy as np
import pytest
from scipy.special import expit, softmax, xlogy

from hnseg.inference.labelling.running_entropy import RunningEntropy


def logits():
    """Logits (k, z, y, x) of five classes, some far from the others and one equal to another."""
    drawn = np.random.default_rng(0).normal(0, 4, (5, 2, 3, 4)).astype(np.float32)
    drawn[2, 0] = 90
    drawn[4, 1, 0] = drawn[3, 1, 0]
    return drawn


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
def test_the_entropy_of_classes_is_that_of_their_softmax(order):
    given = logits()
    running = RunningEntropy(has_regions=False)
    passed = [each.copy() for each in running.passing(given[order].copy())]
    assert np.array_equal(passed, given[order])
    probabilities = softmax(given.astype(float), axis=0)
    np.testing.assert_allclose(running.entropy, -xlogy(probabilities, probabilities).sum(axis=0), atol=2e-5)
    assert running.entropy.min() >= 0


def test_the_entropy_of_regions_is_the_sum_of_each_ones():
    given = logits()
    running = RunningEntropy(has_regions=True)
    for volume in running.passing(given):
        np.add(volume, 1, out=volume)  # whoever takes a volume may change it
    inside = expit(logits().astype(float))
    wanted = -(xlogy(inside, inside) + xlogy(1 - inside, 1 - inside)).sum(axis=0)
    np.testing.assert_allclose(running.entropy, wanted, atol=1e-5)


def test_of_one_class_there_is_none():
    running = RunningEntropy(has_regions=False)
    list(running.passing(logits()[:1]))
    assert not running.entropy.any()


def test_before_a_volume_has_passed_there_is_nothing_to_ask_for():
    with pytest.raises(ValueError, match="a volume must have passed"):
        _ = RunningEntropy(has_regions=False).entropy
