"""Models of stage and survival from a patient's features: fitted in training, evaluated here.

All are linear in standardised features and small enough to be read. A feature that is unknown (NaN) counts as the mean
of the patients they were fitted on. They are JSON, and travel in the model's `method.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import exp, isfinite, log1p
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, FiniteFloat, PositiveFloat, model_validator

from hnseg.records import Frozen

SHORTEST_DAYS, LONGEST_DAYS = 1.0, 36_525.0  # a century: no predicted survival is longer
_STEEPEST = 30.0  # a linear predictor beyond this changes no printed digit, but would overflow


class Term(Frozen):
    """Term of a linear predictor: one feature, standardised, times its coefficient."""

    feature: str
    """Name of the feature, as `features_of` gives it."""
    scale: Literal["linear", "log"] = "linear"
    """Scale of the feature; `log`: the logarithm of 1 + the feature, for volumes, sizes and counts."""
    mean: FiniteFloat
    """Mean of the feature on its scale, over the patients it was fitted on; an unknown feature counts as it."""
    sd: PositiveFloat
    """Standard deviation likewise."""
    coefficient: FiniteFloat
    """Change of the predictor by one standard deviation."""

    def scaled(self, value: float) -> float:
        """Return a feature on the term's scale, not yet standardised; NaN stays NaN."""
        return log1p(max(value, 0.0)) if self.scale == "log" and isfinite(value) else value

    def of(self, features: Mapping[str, float]) -> float:
        """Return the term's value for a patient; 0 where the feature is unknown."""
        value = self.scaled(features.get(self.feature, float("nan")))
        return self.coefficient * (value - self.mean) / self.sd if isfinite(value) else 0.0


class _Linear(Frozen):
    """Linear predictor: a sum of terms."""

    terms: tuple[Term, ...]

    def predictor(self, features: Mapping[str, float]) -> float:
        """Return the sum of the terms, within 30 of 0; 0 for a patient like the training set's mean."""
        total = sum(term.of(features) for term in self.terms)
        return min(max(total, -_STEEPEST), _STEEPEST)

    def imputed(self, features: Mapping[str, float]) -> tuple[str, ...]:
        """Return the features that are unknown and count as the training set's mean."""
        names = (term.feature for term in self.terms)
        return tuple(name for name in names if not isfinite(features.get(name, float("nan"))))


def _ascending(values: tuple[float, ...]) -> tuple[float, ...]:
    """Return the values, which must ascend."""
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"must ascend, found {values}")
    return values


class OrdinalModel(_Linear):
    """Proportional odds of ordered levels: P(level k or lower) = logistic(threshold k - predictor).

    After McCullagh, Regression models for ordinal data, J. R. Stat. Soc. B 1980.
    """

    levels: tuple[str, ...] = Field(min_length=2)
    """Names of the levels from the lowest to the highest, such as T1 to T4."""
    thresholds: Annotated[tuple[FiniteFloat, ...], AfterValidator(_ascending)]
    """Thresholds of the predictor between the levels, ascending, one fewer than levels."""
    weights: tuple[PositiveFloat, ...] = ()
    """Factors of the levels' probabilities before the likeliest is chosen; empty for 1. One over the levels'
    frequencies maximises the balanced accuracy, where a rare level counts as much as a frequent one."""

    @model_validator(mode="after")
    def _one_each(self) -> OrdinalModel:
        """Return the model if thresholds and weights fit the number of levels."""
        levels = len(self.levels)
        if len(self.thresholds) != levels - 1 or len(self.weights) not in (0, levels):
            raise ValueError(
                f"{levels} levels need {levels - 1} thresholds and as many weights as levels or none, found"
                f" {len(self.thresholds)} and {len(self.weights)}"
            )
        return self

    def probabilities(self, features: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return each level's probability for a patient; they sum to 1."""
        below = 1 / (1 + np.exp(self.predictor(features) - np.array(self.thresholds)))
        return np.diff(np.concatenate(([0.0], below, [1.0])))

    def by_level(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return each level's probability by its name, to four digits, for a record."""
        return {name: round(float(p), 4) for name, p in zip(self.levels, self.probabilities(features), strict=True)}

    def level(self, features: Mapping[str, float]) -> str:
        """Return the level with the highest weighted probability, the lower of two that have the same."""
        weights = np.array(self.weights or [1.0] * len(self.levels))
        return self.levels[int(np.argmax(self.probabilities(features) * weights))]


class CoxModel(_Linear):
    """Proportional hazards: a patient's hazard is exp(predictor) times the mean patient's.

    After Cox, Regression models and life tables, J. R. Stat. Soc. B 1972.
    """

    median_days: float = Field(gt=0, le=LONGEST_DAYS)
    """Days until half of the patients with predictor 0 would have relapsed, were their hazard constant."""

    def risk(self, features: Mapping[str, float]) -> float:
        """Return the logarithm of the hazard ratio to the mean patient; it grows with earlier relapse."""
        return self.predictor(features)

    def survival_days(self, features: Mapping[str, float]) -> float:
        """Return the median days to relapse under a constant hazard, 1 to 36,525; fewer for a higher risk."""
        days = self.median_days * exp(-self.risk(features))
        return min(max(days, SHORTEST_DAYS), LONGEST_DAYS)


class Outcomes(Frozen):
    """Models of T stage, N stage and relapse-free survival."""

    t_stage: OrdinalModel
    n_stage: OrdinalModel
    rfs: CoxModel
    fitted_on: str = Field(min_length=1)
    """Description of the patients that they were fitted on, such as "781 patients of HECKTOR 2026"."""

    def imputed(self, features: Mapping[str, float]) -> tuple[str, ...]:
        """Return the features that a model uses, are unknown, and count as the training set's mean; in order, once."""
        models = (self.t_stage, self.n_stage, self.rfs)
        return tuple(dict.fromkeys(name for model in models for name in model.imputed(features)))
