"""AUROC beside all pairs, with ties, and where it is undefined."""

import itertools

import numpy as np
import pytest

from hnseg.evaluation.statistics.auroc import auroc


@pytest.mark.parametrize("levels", [3, 1000], ids=["many ties", "few ties"])
def test_it_is_the_fraction_of_pairs_in_order(levels):
    rng = np.random.default_rng(0)
    is_positive = rng.random(80) < 0.3
    scores = rng.integers(levels, size=80) + levels / 4 * is_positive
    pairs = list(itertools.product(scores[is_positive], scores[~is_positive]))
    expected = np.mean([(one > other) + 0.5 * (one == other) for one, other in pairs])
    assert auroc(scores, is_positive) == pytest.approx(expected, abs=1e-12)
    assert auroc(-scores, is_positive) == pytest.approx(1 - expected, abs=1e-12)


def test_infinite_scores_have_a_rank():
    assert auroc(np.array([-np.inf, 0.0, np.inf]), np.array([False, False, True])) == 1


def test_it_is_undefined_without_a_positive_or_a_negative():
    assert np.isnan(auroc(np.arange(3), np.ones(3, np.bool_)))
    assert np.isnan(auroc(np.arange(3), np.zeros(3, np.bool_)))
