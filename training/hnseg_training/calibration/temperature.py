"""Temperatures of classes, fitted by the negative log-likelihood of voxels.

Each class has the voxels where it is the label, so its temperature is fitted apart. Of one network the likelihood has
one optimum in it, since the logarithm of a softmax is concave in the inverse temperature; of a mean of networks it may
have more, and one is found by the same search from 0.1 to 10.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from scipy.optimize import minimize_scalar

from hnseg.evaluation.calibration.proper_scores import negative_log_likelihood
from hnseg.inference.model.calibration import LEAST_TEMPERATURE, MOST_TEMPERATURE
from hnseg_training.calibration.member_samples import MemberSamples

ENOUGH_ERRORS = 20
"""Voxels of a class that must be right, and wrong, for a temperature of its own."""
_DIGITS = 4


def fitted_temperatures(samples: MemberSamples) -> tuple[float, ...]:
    """Return the temperature of each class, (k,), from 0.1 to 10.

    A class that is hardly ever most probable, or hardly ever wrong, has that of all classes together; where these have
    too few voxels, 1.

    Args:
        samples: Voxels with members' logits of k classes; of the mean of several members the likelihood is of the mean.
    """
    classes = range(samples.logits.shape[2])
    found = [_fitted(samples.at(samples.predicted == number)) for number in classes]
    of_all = (_fitted(samples) or 1.0) if None in found else 1.0
    return tuple(of_all if each is None else each for each in found)


def _fitted(samples: MemberSamples) -> float | None:
    """Return one temperature for all of the voxels; None where too few are right, or wrong."""
    right = int(np.count_nonzero(samples.is_correct))
    if min(right, len(samples) - right) < ENOUGH_ERRORS:
        return None
    classes = samples.logits.shape[2]
    found = minimize_scalar(
        lambda logarithm: negative_log_likelihood(samples.at_temperatures([exp(logarithm)] * classes)),
        bounds=(log(LEAST_TEMPERATURE), log(MOST_TEMPERATURE)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return round(min(max(exp(found.x), LEAST_TEMPERATURE), MOST_TEMPERATURE), _DIGITS)
