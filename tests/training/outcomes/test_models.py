import math

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.miscmodels.ordinal_model import OrderedModel

from hnseg.clinical import FollowUp
from hnseg.errors import InputError
from hnseg_training.outcomes.models import fit_cox, fit_ordinal

LEVELS = ("T1", "T2", "T3", "T4")
LINEAR = {"a": "linear", "b": "linear"}
NAN = float("nan")


def patients_of(matrix: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("ab", row, strict=True)) for row in matrix.tolist()]


def standardised(matrix: np.ndarray) -> np.ndarray:
    return (matrix - matrix.mean(0)) / matrix.std(0)


def drawn_levels(rng: np.random.Generator, predictor: np.ndarray) -> list[str]:
    """Draw from proportional odds with thresholds -1, 0.5 and 2."""
    return [LEVELS[i] for i in np.searchsorted([-1.0, 0.5, 2.0], predictor + rng.logistic(size=len(predictor)))]


def drawn_follow_ups(rng: np.random.Generator, predictor: np.ndarray) -> list[FollowUp]:
    """Draw from a constant hazard of 1 in 1000 days, followed for 200 to 3000 days."""
    relapses = rng.exponential(1000 / np.exp(predictor))
    visits = rng.uniform(200, 3000, len(predictor))
    return [
        FollowUp(float(min(days, visit)), bool(days <= visit)) for days, visit in zip(relapses, visits, strict=True)
    ]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def matrix(rng) -> np.ndarray:
    """Return a (3000, 2) of correlated features in units of their own."""
    a = rng.normal(size=3000)
    return np.stack([30 + 5 * a, 0.02 * (0.5 * a + rng.normal(size=3000))], axis=1)


def test_the_coefficients_and_thresholds_that_stages_were_drawn_with_are_found(rng, matrix):
    z = standardised(matrix)
    levels = drawn_levels(rng, 1.2 * z[:, 0] - 0.6 * z[:, 1])
    model = fit_ordinal(patients_of(matrix), levels, LINEAR, order=LEVELS, ridge=0)
    assert [term.coefficient for term in model.terms] == pytest.approx([1.2, -0.6], abs=0.1)
    assert model.thresholds == pytest.approx((-1.0, 0.5, 2.0), abs=0.15)
    assert (model.terms[0].mean, model.terms[0].sd) == pytest.approx((matrix[:, 0].mean(), matrix[:, 0].std()))


def test_without_a_ridge_it_is_statsmodels_own_fit(rng, matrix):
    z = standardised(matrix)[:300]
    levels = drawn_levels(rng, z[:, 0])
    own = OrderedModel([LEVELS.index(level) for level in levels], standardised(z), distr="logit")
    expected = own.fit(method="bfgs", disp=False).params
    model = fit_ordinal(patients_of(z), levels, LINEAR, order=LEVELS, ridge=0)
    assert [term.coefficient for term in model.terms] == pytest.approx(expected[:2], abs=2e-3)
    assert model.thresholds == pytest.approx(own.transform_threshold_params(expected)[1:-1], abs=2e-3)


def test_a_ridge_draws_coefficients_to_0_and_leaves_the_frequencies(matrix):
    levels = ["T1"] * 600 + ["T2"] * 2400
    model = fit_ordinal(patients_of(matrix), levels, LINEAR, order=LEVELS, ridge=1e9)
    assert [term.coefficient for term in model.terms] == pytest.approx([0, 0], abs=1e-4)
    assert model.levels == ("T1", "T2")  # nobody has the others
    assert model.probabilities({"a": NAN, "b": NAN}) == pytest.approx([0.2, 0.8], abs=1e-3)
    assert model.weights == pytest.approx((2.5, 0.625))  # one over the frequency, over the number of levels


def test_the_coefficients_that_relapses_were_drawn_with_are_found(rng, matrix):
    z = standardised(matrix)
    model = fit_cox(patients_of(matrix), drawn_follow_ups(rng, 0.7 * z[:, 0] - 0.3 * z[:, 1]), LINEAR, ridge=0)
    assert [term.coefficient for term in model.terms] == pytest.approx([0.7, -0.3], abs=0.08)
    assert model.median_days == pytest.approx(1000 * math.log(2), rel=0.06)


def test_a_ridge_on_hazards_is_statsmodels_own(rng, matrix):
    z = standardised(matrix[:150])
    follow_ups = drawn_follow_ups(rng, z[:, 0])
    days, relapsed = zip(*((each.days, each.has_relapsed) for each in follow_ups), strict=True)
    own = PHReg(np.array(days), z, status=np.array(relapsed, int), ties="efron")
    for ridge in (0.0, 3.0, 40.0):
        expected = own.fit_regularized(alpha=ridge / len(days), L1_wt=0).params
        model = fit_cox(patients_of(z), follow_ups, LINEAR, ridge=ridge)
        assert [term.coefficient for term in model.terms] == pytest.approx(expected, abs=1e-3)


def test_the_median_is_that_of_as_many_relapses_a_day_as_there_were():
    features = [{"a": value, "b": 0.0} for value in (1.0, 2.0, 3.0, 4.0)]
    fared = [FollowUp(100, True), FollowUp(400, False), FollowUp(200, True), FollowUp(300, False)]
    model = fit_cox(features, fared, LINEAR, ridge=1e9)
    assert model.median_days == pytest.approx(1000 / 2 * math.log(2), rel=1e-3)  # 2 relapses in 1000 days
    assert [term.feature for term in model.terms] == ["a"]  # the other is the same for all


def test_an_unknown_feature_counts_as_the_mean_of_the_known_ones():
    features = [{"a": value, "b": value} for value in (1.0, 3.0, 5.0, 7.0)]
    features[3]["b"] = NAN
    model = fit_ordinal(features, ["T1", "T2", "T1", "T2"], LINEAR, order=LEVELS, ridge=1)
    assert model.terms[1].mean == pytest.approx(3.0)
    assert model.terms[1].sd == pytest.approx(math.sqrt(8 / 3))
    assert model.predictor({"a": 4.0, "b": NAN}) == pytest.approx(0)


def test_a_logarithm_is_standardised_as_such():
    features = [{"a": 0.0}, {"a": math.e - 1}, {"a": math.e**2 - 1}]
    model = fit_ordinal(features, ["T1", "T2", "T2"], {"a": "log"}, order=LEVELS, ridge=1)
    assert model.terms[0].mean == pytest.approx(1.0)
    assert model.terms[0].sd == pytest.approx(math.sqrt(2 / 3))


def test_one_level_alone_is_refused():
    with pytest.raises(InputError, match=r"at least two of T1, T2, T3, T4 are needed .* that are known are all T2"):
        fit_ordinal([{"a": 1.0}, {"a": 2.0}], ["T2", "T2"], {"a": "linear"}, order=LEVELS, ridge=1)


def test_features_that_are_alike_for_all_are_refused():
    with pytest.raises(InputError, match="one of a must differ between patients, but none does among 2"):
        fit_ordinal([{"a": 1.0}, {"a": NAN}], ["T1", "T2"], {"a": "linear"}, order=LEVELS, ridge=1)


def test_without_a_relapse_there_is_no_model():
    with pytest.raises(InputError, match="but none of 2 did"):
        fit_cox([{"a": 1.0}, {"a": 2.0}], [FollowUp(10, False)] * 2, {"a": "linear"}, ridge=1)
