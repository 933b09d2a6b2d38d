"""Correlations of descriptors with the lost score, beside scipy's."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, pearsonr

from hnseg.robustness.results.correlations import correlations_of, count_correlations
from hnseg.robustness.results.pairs import pair_scores
from tests.support.made_up_study import made_up_study

PAIRS = pair_scores(made_up_study())
FOUND = correlations_of(PAIRS)


def test_every_descriptor_is_tested_in_every_cell():
    assert [one.descriptor for one in FOUND] == ["volume"] * 16 + ["contrast"] * 16
    assert {one.cases for one in FOUND if one.structure == "GTVn"} == {11}


def test_r_and_the_two_families_are_scipys():
    for at, pair in enumerate(PAIRS):
        has = pair.has_reference
        expected = pearsonr(pair.descriptor("volume")[has], pair.delta[has])
        assert (FOUND[at].r, FOUND[at].p) == pytest.approx((expected.statistic, expected.pvalue))
    p = np.array([one.p for one in FOUND])
    assert [one.q for one in FOUND] == pytest.approx(false_discovery_control(p).tolist())
    own = [one.structure == "GTVp" for one in FOUND]
    assert [one.q_by_structure for one in FOUND if one.structure == "GTVp"] == pytest.approx(
        false_discovery_control(p[own]).tolist()
    )


def test_where_every_case_fails_the_loss_is_the_baselines():
    marked = {(one.modality, one.kind, one.severity) for one in FOUND if one.loss_is_baseline}
    assert marked == {("CT", "spike", 2)}
    contrast = [one for one in FOUND if one.loss_is_baseline and one.descriptor == "contrast"]
    assert [one.r for one in contrast] == pytest.approx([1, 1])  # contrast is the baseline's score in this study
    assert [one.relative_r for one in contrast] == [None, None]  # all of it is lost in every case


def test_counts():
    counts = count_correlations(FOUND)
    assert counts.tests == 32
    assert counts.one_family == sum(one.q < 0.05 for one in FOUND)
    assert counts.loss_is_baseline == 2
    assert count_correlations([]).tests == 0
