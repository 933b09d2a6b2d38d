"""Fitting of the models of stage and survival that a container evaluates.

The likelihoods are those of statsmodels. Each standardised coefficient has a Gaussian prior around 0 (ridge), since a
few dozen relapses can't separate volumes that rise and fall together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.miscmodels.ordinal_model import OrderedModel

from containers.hecktor.outcomes import LONGEST_DAYS, CoxModel, OrdinalModel, Term
from hnseg.clinical import FollowUp
from hnseg.errors import InputError

Features = Mapping[str, float]
Scales = Mapping[str, Literal["linear", "log"]]
"""Scale of each feature that a model uses, by the feature's name."""
FloatArray = npt.NDArray[np.float64]


def fit_ordinal(
    features: Sequence[Features], levels: Sequence[str], scales: Scales, *, order: Sequence[str], ridge: float
) -> OrdinalModel:
    """Fit proportional odds, and weigh the levels so that a rare one counts as much as a frequent one.

    Args:
        features: Features of n patients by name; an unknown one is NaN and counts as the mean.
        levels: Level of each patient.
        scales: Scales of the features to use; a feature that doesn't differ between patients is left out.
        order: All levels, from the lowest to the highest; the model has those that some patient has.
        ridge: Strength of the prior: half of it times the sum of the squared coefficients is taken from the
            log-likelihood.

    Raises:
        InputError: All patients have one level, or no feature differs between them.
    """
    present = [level for level in order if level in levels]
    if len(present) < 2:
        raise InputError(
            f"Patients of at least two of {', '.join(order)} are needed to tell them apart, but the {len(levels)} that"
            f" are known are all {', '.join(present) or 'of none'}. Is the table complete?"
        )
    terms = _terms(features, scales)
    codes = np.array([present.index(level) for level in levels])
    model = OrderedModel(codes, _matrix(features, terms), distr="logit")
    # Its parameters are the coefficients, the lowest threshold, and the logarithms of the steps between thresholds.
    found = _most_likely(model.loglike, None, np.asarray(model.start_params), ridged=len(terms), ridge=ridge)
    thresholds = model.transform_threshold_params(found)[1:-1]
    return OrdinalModel(
        terms=_with(terms, found),
        levels=tuple(present),
        thresholds=tuple(float(threshold) for threshold in thresholds),
        weights=tuple(len(codes) / (len(present) * int((codes == code).sum())) for code in range(len(present))),
    )


def fit_cox(features: Sequence[Features], follow_ups: Sequence[FollowUp], scales: Scales, *, ridge: float) -> CoxModel:
    """Fit proportional hazards; the median is that of the constant hazard with as many expected relapses as observed.

    Args:
        features: Features of n patients by name; an unknown one is NaN and counts as the mean.
        follow_ups: Follow-up of each patient.
        scales: Scales of the features to use; a feature that doesn't differ between patients is left out.
        ridge: Strength of the prior: half of it times the sum of the squared coefficients is taken from the
            log-likelihood.

    Raises:
        InputError: Nobody relapsed, or no feature differs between patients.
    """
    days = np.array([follow_up.days for follow_up in follow_ups])
    relapsed = np.array([follow_up.has_relapsed for follow_up in follow_ups])
    if not relapsed.any():
        raise InputError(
            f"Some patients must have relapsed for others to be compared with, but none of {len(days)} did."
            " Is the table complete?"
        )
    terms = _terms(features, scales)
    matrix = _matrix(features, terms)
    model = PHReg(days, matrix, status=relapsed.astype(int), ties="efron")
    found = _most_likely(model.loglike, model.score, np.zeros(len(terms)), ridged=len(terms), ridge=ridge)
    hazard_per_day = relapsed.sum() / float((days * np.exp(matrix @ found)).sum())
    return CoxModel(terms=_with(terms, found), median_days=min(math.log(2) / hazard_per_day, LONGEST_DAYS))


def _terms(features: Sequence[Features], scales: Scales) -> list[Term]:
    """Return a term with coefficient 0 for each feature that differs between patients."""
    terms = []
    for name, scale in scales.items():
        unscaled = Term(feature=name, scale=scale, mean=0, sd=1, coefficient=0)
        values = np.array([unscaled.scaled(patient[name]) for patient in features])
        known = values[np.isfinite(values)]
        if len(known) and known.std() > 0:
            terms.append(unscaled.model_copy(update={"mean": float(known.mean()), "sd": float(known.std())}))
    if not terms:
        raise InputError(
            f"At least one of {', '.join(scales)} must differ between patients, but none does among {len(features)}."
            " Are the label maps empty?"
        )
    return terms


def _matrix(features: Sequence[Features], terms: Sequence[Term]) -> FloatArray:
    """Return the standardised features (n, terms), as the exported model computes them."""
    units = [term.model_copy(update={"coefficient": 1.0}) for term in terms]
    return np.array([[unit.of(patient) for unit in units] for patient in features])


def _with(terms: Sequence[Term], coefficients: FloatArray) -> tuple[Term, ...]:
    """Return the terms with their coefficients, which are the first of the parameters."""
    pairs = zip(terms, coefficients[: len(terms)].tolist(), strict=True)
    return tuple(term.model_copy(update={"coefficient": coefficient}) for term, coefficient in pairs)


def _most_likely(
    loglike: Callable[[FloatArray], float],
    score: Callable[[FloatArray], FloatArray] | None,
    start: FloatArray,
    *,
    ridged: int,
    ridge: float,
) -> FloatArray:
    """Return the parameters of the highest log-likelihood less the ridge on the first `ridged` of them."""
    shrunk = np.arange(len(start)) < ridged

    def loss(parameters: FloatArray) -> float:
        """Return the negative log-likelihood plus the ridge."""
        return float(ridge / 2 * (parameters[shrunk] ** 2).sum() - loglike(parameters))

    def slope(parameters: FloatArray) -> FloatArray:
        """Return the gradient of the loss."""
        return np.asarray(ridge * parameters * shrunk - np.asarray(score(parameters)) if score else 0.0)

    return np.asarray(minimize(loss, start, jac=slope if score else None, method="BFGS").x, dtype=np.float64)
