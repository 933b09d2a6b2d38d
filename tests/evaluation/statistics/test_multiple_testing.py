"""The correction of Benjamini and Hochberg, beside statsmodels'."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from hnseg.evaluation.statistics.multiple_testing import benjamini_hochberg


def test_q_is_that_of_statsmodels():
    p = np.random.default_rng(0).uniform(0, 0.2, 50)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


def test_an_undefined_test_is_no_part_of_the_family():
    q = benjamini_hochberg([float("nan"), 0.02, 0.5])
    assert np.isnan(q[0])
    assert q[1:].tolist() == [0.04, 0.5]


def test_a_family_may_be_empty():
    assert benjamini_hochberg([]).tolist() == []
    assert np.isnan(benjamini_hochberg([float("nan")])).all()
