"""Student's paired t test, beside SciPy's and statsmodels'."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from statsmodels.stats.weightstats import DescrStatsW

from hnseg.evaluation.statistics.paired_t import paired_t_p


@pytest.mark.parametrize("seed", range(20))
def test_p_is_that_of_scipy_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.random((2, rng.integers(2, 40)))
    p = paired_t_p(one - other)
    assert p == pytest.approx(ttest_rel(one, other).pvalue, rel=1e-9)
    assert p == pytest.approx(DescrStatsW(one - other).ttest_mean(0.0)[1], rel=1e-9)


def test_without_spread_p_is_undefined():
    assert np.isnan(paired_t_p(np.array([])))
    assert np.isnan(paired_t_p(np.array([0.5])))
    assert np.isnan(paired_t_p(np.zeros(7)))
    assert np.isnan(paired_t_p(np.array([0.9 - 0.8, 0.8 - 0.7, 0.7 - 0.6])))
