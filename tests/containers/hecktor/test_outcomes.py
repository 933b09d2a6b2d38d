from math import e, exp, log, nan

import numpy as np
import pytest
from pydantic import ValidationError

from containers.hecktor.outcomes import LONGEST_DAYS, SHORTEST_DAYS, CoxModel, OrdinalModel, Outcomes, Term

VOLUME = Term(feature="gtvp_ml", scale="log", mean=2.0, sd=0.5, coefficient=1.5)
AGE = Term(feature="age_years", mean=60, sd=10, coefficient=-0.4)
STAGES = ("T1", "T2", "T3", "T4")


def stages(**changed):
    return OrdinalModel(**{"terms": (VOLUME, AGE), "levels": STAGES, "thresholds": (-2, 0, 1), **changed})


def logistic(x):
    return 1 / (1 + exp(-x))


def test_a_term_standardises_by_hand():
    # log(1 + e^3 - 1) = 3; (3 - 2) / 0.5 = 2 standard deviations, each worth 1.5
    assert VOLUME.of({"gtvp_ml": e**3 - 1}) == pytest.approx(3.0)
    assert AGE.of({"age_years": 75}) == pytest.approx(-0.6)


@pytest.mark.parametrize("features", [{}, {"gtvp_ml": nan}], ids=["missing", "NaN"])
def test_an_unknown_feature_counts_as_the_mean(features):
    assert VOLUME.of(features) == VOLUME.of({"gtvp_ml": e**2 - 1}) == 0
    assert stages().predictor(features | {"age_years": 50}) == pytest.approx(0.4)
    assert stages().imputed(features) == ("gtvp_ml", "age_years")
    assert stages().imputed({"gtvp_ml": 0.0, "age_years": 50}) == ()


def test_probabilities_are_those_of_proportional_odds():
    # the predictor is 1.5 * 1 - 0.4 * 1 = 1.1
    features = {"gtvp_ml": e**2.5 - 1, "age_years": 70}
    below = [logistic(-3.1), logistic(-1.1), logistic(-0.1)]
    expected = [below[0], below[1] - below[0], below[2] - below[1], 1 - below[2]]
    np.testing.assert_allclose(stages().probabilities(features), expected, rtol=1e-12)
    assert stages().level(features) == "T4"
    assert stages().by_level(features) == {name: round(p, 4) for name, p in zip(STAGES, expected, strict=True)}


@pytest.mark.parametrize("volume_ml", [0.0, 1e-9, 3.0, 1e12])
def test_probabilities_sum_to_1_whatever_the_features(volume_ml):
    probabilities = stages().probabilities({"gtvp_ml": volume_ml, "age_years": -1e9})
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert (probabilities >= 0).all()


def test_a_larger_predictor_never_lowers_the_level():
    levels = [stages().level({"gtvp_ml": volume, "age_years": 60}) for volume in np.geomspace(0.01, 1000, 60)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == ("T1", "T4")


def test_weights_let_a_rare_level_win():
    # at predictor 0 the probabilities are 0.119, 0.381, 0.231, 0.269
    assert stages().level({}) == "T2"
    assert stages(weights=(1, 1, 1, 2)).level({}) == "T4"
    assert stages(weights=(4, 1, 1, 1)).level({}) == "T1"


def test_survival_is_the_median_under_a_constant_hazard():
    model = CoxModel(terms=(VOLUME,), median_days=1000)
    assert model.survival_days({}) == pytest.approx(1000)
    # twice the hazard halves every time
    twice = {"gtvp_ml": e ** (2 + 0.5 * log(2) / 1.5) - 1}
    assert model.risk(twice) == pytest.approx(log(2))
    assert model.survival_days(twice) == pytest.approx(500)


def test_survival_is_bounded_and_falls_as_the_risk_grows():
    model = CoxModel(terms=(AGE,), median_days=1000)
    days = [model.survival_days({"age_years": age}) for age in (-1e6, 20, 60, 100, 1e6)]
    risk = [model.risk({"age_years": age}) for age in (-1e6, 20, 60, 100, 1e6)]
    assert days[0] == SHORTEST_DAYS
    assert days[-1] == LONGEST_DAYS
    assert days == sorted(days)
    assert risk == sorted(risk, reverse=True)


def test_outcomes_are_json_and_name_each_imputed_feature_once():
    cox = CoxModel(terms=(AGE,), median_days=1000)
    outcomes = Outcomes(t_stage=stages(), n_stage=stages(), rfs=cox, fitted_on="nobody")
    assert Outcomes.model_validate_json(outcomes.model_dump_json()) == outcomes
    assert outcomes.imputed({"gtvp_ml": 3.0}) == ("age_years",)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"thresholds": (0, 1)}, "4 levels need 3 thresholds"),
        ({"thresholds": (0, 0, 1)}, "must ascend"),
        ({"thresholds": (0, 1, nan)}, "finite"),
        ({"weights": (1, 1)}, "as many weights as levels or none, found 3 and 2"),
        ({"weights": (1, 1, 1, 0)}, "greater than 0"),
        ({"levels": ("T1",), "thresholds": ()}, "at least 2 items"),
    ],
    ids=str,
)
def test_models_without_sense_are_refused(changed, found):
    with pytest.raises(ValidationError, match=found):
        stages(**changed)


def test_a_feature_that_did_not_vary_can_not_be_a_term():
    with pytest.raises(ValidationError, match="greater than 0"):
        Term(feature="is_male", mean=1, sd=0, coefficient=1)
